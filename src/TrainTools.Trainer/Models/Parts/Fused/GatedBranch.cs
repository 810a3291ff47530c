using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, for full fine-tuning. Kept for backward: x, one
/// number a row, gate and up; the norm's output, silu and the product are made again, which costs three passes over memory and
/// saves more than half of what the branch would keep. Gradients of the parameters are added where they belong at once.
/// </summary>
internal sealed class GatedBranch(RmsNormLayer norm, LinearLayer gate, LinearLayer up, LinearLayer down)
{
    /// <summary>The branch of a norm and a feed-forward; null where they are of another kind.</summary>
    public static GatedBranch? For(INormLayer norm, IFeedForward feedForward) =>
        norm is RmsNormLayer { Style: not RmsNormStyle.OffsetThenCast } rms && feedForward is GatedFeedForward { Silu: { } layers }
            ? new GatedBranch(rms, layers.Gate, layers.Up, layers.Down) : null;

    /// <summary>Whether the branch can be computed this way now: plain weights, in the type of the computation.</summary>
    public bool Fits(Tensor hidden) =>
        hidden.dtype == ScalarType.Float32 && norm.Weight.Value.dtype == ScalarType.Float32
        && LinearKernel.IsPlain(gate) && LinearKernel.IsPlain(up) && LinearKernel.IsPlain(down)
        && gate.Weight.Value.dtype == ScalarType.Float32
        && (hidden.requires_grad || !is_grad_enabled());

    /// <summary>[B, T, H] → [B, T, H].</summary>
    public Tensor Forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.reshape(-1, hidden.shape[^1]);
        var output = is_grad_enabled() ? Node.Apply(rows, this) : Compute(rows).Output;
        return output.view(hidden.shape).MoveToOuterDisposeScope();
    }

    private (Tensor Output, Tensor Inverse, Tensor Gate, Tensor Up) Compute(Tensor x)
    {
        var inverse = RmsNormKernel.Inverse(x, norm.Epsilon);
        Tensor gated;
        Tensor raised;
        using (var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value))
        {
            gated = LinearKernel.Forward(gate, normed);
            raised = LinearKernel.Forward(up, normed);
        }

        using var product = nn.functional.silu(gated).mul_(raised);
        using var weight = down.Weight.Value.t();
        var output = addmm(x, product, weight, 1, 1);
        return (down.Bias is { } bias ? output.add_(bias.Value) : output, inverse, gated, raised);
    }

    private Tensor Backward(Tensor gradient, Tensor x, Tensor inverse, Tensor gated, Tensor raised)
    {
        Tensor throughGate;
        Tensor throughUp;
        using (NewDisposeScope())
        {
            var active = nn.functional.silu(gated);
            Tensor throughProduct;
            using (var product = active.mul(raised))
            {
                throughProduct = LinearKernel.Backward(down, gradient, product);
            }

            throughUp = active.mul_(throughProduct).MoveToOuterDisposeScope();
            throughGate = ModelOps.SiluBackward(throughProduct.mul_(raised), gated).MoveToOuterDisposeScope();
        }

        Tensor throughNorm;
        using (var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value))
        {
            throughNorm = LinearKernel.Backward(gate, throughGate, normed);
            throughNorm = LinearKernel.Backward(up, throughUp, normed, throughNorm);
        }

        var (input, weight) = RmsNormKernel.Backward(throughNorm, x, inverse, norm.Weight.Value, norm.Weight.Value.requires_grad);
        WeightGradient.Add(norm.Weight, () => weight!);
        return input.add_(gradient);
    }

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        public override string Name => nameof(GatedBranch);

        public static Tensor Apply(Tensor rows, GatedBranch branch) => apply(rows, branch);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, branch) = ((Tensor)vars[0], (GatedBranch)vars[1]);
            using var scope = NewDisposeScope();
            var (output, inverse, gated, raised) = branch.Compute(x);
            ctx.set_materialize_grads(false);
            ctx.save_for_backward([x, inverse, gated, raised]);
            ctx.save_data("branch", branch);
            foreach (var saved in (Tensor[])[inverse, gated, raised])
            {
                saved.MoveToOuterDisposeScope(); // they are saved after this returns
            }

            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, () =>
        {
            using var scope = NewDisposeScope();
            var saved = ctx.get_saved_variables();
            var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();
            var input = ((GatedBranch)ctx.get_data("branch")).Backward(gradient, saved[0], saved[1], saved[2], saved[3]);
            return [input.MoveToOuterDisposeScope(), null!];
        });
    }
}
