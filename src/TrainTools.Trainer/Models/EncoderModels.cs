using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>
/// An encoder that classifies texts by the hidden state of their first token: dropout, a dense layer with an
/// activation, dropout and the scores, of which each family leaves something out.
/// </summary>
internal sealed class EncoderSequenceClassifier(ModelConfigFile config, ModelLayout layout, IReadOnlyList<string> labels, IBackbone backbone, LinearLayer dense, LinearLayer score)
    : SequenceClassifier(config, layout, labels)
{
    /// <summary>Activation after the dense layer.</summary>
    public required Func<Tensor, Tensor> Activation { get; init; }

    /// <summary>Dropout before the scores.</summary>
    public required double Dropout { get; init; }

    /// <summary>Whether dropout comes before the dense layer too (RoBERTa).</summary>
    public bool DropoutBeforeDense { get; init; }

    /// <inheritdoc/>
    public override int LayerCount => backbone.LayerCount;

    /// <inheritdoc/>
    public override Tensor Logits(ModelInput input)
    {
        using var scope = NewDisposeScope();
        var pooled = Pooling.First(backbone.Forward(input, this), input);
        pooled = DropoutBeforeDense ? Pooling.Dropout(pooled, Dropout, input.Training) : pooled;
        pooled = Pooling.Dropout(Activation(dense.Forward(pooled, input.Training)), Dropout, input.Training);
        return score.Forward(pooled, input.Training).MoveToOuterDisposeScope();
    }
}

/// <summary>An encoder that guesses masked tokens: dense layer, activation, norm, scores by the embedding's own vectors.</summary>
internal sealed class EncoderMaskedLanguageModel(ModelConfigFile config, ModelLayout layout, IBackbone backbone, LinearLayer dense, Func<Tensor, Tensor> activation, INormLayer norm, LinearLayer decoder)
    : MaskedLanguageModel(config, layout)
{
    /// <inheritdoc/>
    public override int LayerCount => backbone.LayerCount;

    /// <inheritdoc/>
    public override Tensor HiddenStates(ModelInput input) => backbone.Forward(input, this);

    /// <inheritdoc/>
    public override Tensor Logits(Tensor hidden, bool training = false)
    {
        using var scope = NewDisposeScope();
        return decoder.Forward(norm.Forward(activation(dense.Forward(hidden, training))), training).MoveToOuterDisposeScope();
    }
}
