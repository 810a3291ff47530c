using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>The feed-forward half of a layer.</summary>
internal interface IFeedForward
{
    /// <summary>[B, T, H] → [B, T, H].</summary>
    Tensor Forward(Tensor hidden, ForwardContext context);
}

/// <summary>down(act(gate(x)) · up(x)).</summary>
internal sealed class GatedFeedForward(LinearLayer gate, LinearLayer up, LinearLayer down, Func<Tensor, Tensor> activation) : IFeedForward
{
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var gated = activation(gate.Forward(hidden, context.Training)).mul(up.Forward(hidden, context.Training));
        return down.Forward(gated, context.Training).MoveToOuterDisposeScope();
    }
}
