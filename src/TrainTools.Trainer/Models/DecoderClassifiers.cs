using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>
/// A decoder that classifies texts by the hidden state of their last token. The last token is found by the attention
/// mask, never by its id: a text may end with the padding token's id, and often does where that is the end token.
/// </summary>
internal sealed class DecoderSequenceClassifier(ModelConfigFile config, ModelLayout layout, IReadOnlyList<string> labels, IBackbone backbone, LinearLayer score)
    : SequenceClassifier(config, layout, labels)
{
    /// <inheritdoc/>
    public override int LayerCount => backbone.LayerCount;

    /// <inheritdoc/>
    public override Tensor Logits(ModelInput input)
    {
        using var scope = NewDisposeScope();
        var hidden = backbone.Forward(input, this);
        return score.Forward(Pooling.Last(hidden, input), input.Training).MoveToOuterDisposeScope();
    }
}

/// <summary>A decoder or encoder that classifies tokens by their own hidden states.</summary>
internal sealed class BackboneTokenClassifier(ModelConfigFile config, ModelLayout layout, IReadOnlyList<string> labels, IBackbone backbone, LinearLayer score, double dropout)
    : TokenClassifier(config, layout, labels)
{
    /// <inheritdoc/>
    public override int LayerCount => backbone.LayerCount;

    /// <inheritdoc/>
    public override Tensor Logits(ModelInput input)
    {
        using var scope = NewDisposeScope();
        var hidden = Pooling.Dropout(backbone.Forward(input, this), dropout, input.Training);
        return score.Forward(hidden, input.Training).MoveToOuterDisposeScope();
    }
}
