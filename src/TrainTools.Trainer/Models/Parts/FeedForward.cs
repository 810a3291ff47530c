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

/// <summary>The same with gate and up in one projection, gate first (Phi-3).</summary>
internal sealed class FusedGatedFeedForward(LinearLayer gateUp, LinearLayer down, Func<Tensor, Tensor> activation) : IFeedForward
{
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var parts = gateUp.Forward(hidden, context.Training).chunk(2, -1);
        return down.Forward(activation(parts[0]).mul(parts[1]), context.Training).MoveToOuterDisposeScope();
    }
}

/// <summary>down(act(up(x))).</summary>
internal sealed class PlainFeedForward(LinearLayer up, LinearLayer down, Func<Tensor, Tensor> activation) : IFeedForward
{
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        return down.Forward(activation(up.Forward(hidden, context.Training)), context.Training).MoveToOuterDisposeScope();
    }
}
