using TorchSharp;
using TrainTools.Trainer.Models.Parts.Fused;
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
    /// <summary>The three projections, where the activation is silu; null where it is another.</summary>
    public (LinearLayer Gate, LinearLayer Up, LinearLayer Down)? Silu { get; } = Activations.IsSilu(activation) ? (gate, up, down) : null;

    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var (opened, raised) = (gate.Forward(hidden, context.Training), up.Forward(hidden, context.Training));
        var gated = Silu is null ? activation(opened).mul(raised) : is_grad_enabled() ? GatedProductFunction.Apply(opened, raised) : activation(opened).mul_(raised);
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
