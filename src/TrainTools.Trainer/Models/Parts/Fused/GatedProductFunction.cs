using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>silu(gate) · up as one node of the graph. Kept for backward: the two inputs; silu is made again.</summary>
internal sealed class GatedProductFunction : autograd.SingleTensorFunction<GatedProductFunction>
{
    public override string Name => nameof(GatedProductFunction);

    /// <summary>Two tensors of one shape → one.</summary>
    public static Tensor Apply(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        return apply(gate, up).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (gate, up) = ((Tensor)vars[0], (Tensor)vars[1]);
        ctx.set_materialize_grads(false);
        ctx.save_for_backward([gate, up]);
        return nn.functional.silu(gate).mul_(up);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var throughUp = nn.functional.silu(saved[0]).mul_(grad_output);
        var throughGate = ModelOps.SiluBackward(grad_output.mul(saved[1]), saved[0]);
        return [throughGate.MoveToOuterDisposeScope(), throughUp.MoveToOuterDisposeScope()];
    });
}
