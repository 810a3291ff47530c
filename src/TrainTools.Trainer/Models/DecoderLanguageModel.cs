using TorchSharp;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>A decoder of any family with its next-token head.</summary>
internal sealed class DecoderLanguageModel(ModelConfigFile config, ModelLayout layout, IBackbone backbone, LinearLayer head) : CausalLanguageModel(config, layout)
{
    /// <summary>Logits are squashed to ± this; null = not (Gemma 2).</summary>
    public double? SoftCap { get; init; }

    /// <inheritdoc/>
    public override LinearLayer? PlainHead => SoftCap is null && head.Bias is null && LinearKernel.IsPlain(head) ? head : null;

    /// <inheritdoc/>
    public override bool IsCompact =>
        backbone is Decoder { IsCompact: true } && ComputeType == ScalarType.Float32 && LinearLayers.Values.All(LinearKernel.IsPlain);

    /// <inheritdoc/>
    public override int LayerCount => backbone.LayerCount;

    /// <inheritdoc/>
    public override Tensor HiddenStates(ModelInput input) => backbone.Forward(input, this);

    /// <inheritdoc/>
    public override Tensor Logits(Tensor hidden, bool training = false)
    {
        var logits = head.Forward(hidden, training);
        if (SoftCap is not { } cap)
        {
            return logits;
        }

        using (logits)
        {
            return logits.div(cap).tanh_().mul(cap);
        }
    }
}
