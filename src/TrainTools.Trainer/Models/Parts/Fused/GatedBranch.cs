using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, for full fine-tuning. Kept for backward: x, one
/// number a row, gate and up; the norm's output, silu and the product are made again, some rows at a time, so that what is made
/// stays in the processor's cache and no memory of the whole's size is asked for. Gradients of the parameters are added
/// where they belong at once.
/// </summary>
internal sealed class GatedBranch(RmsNormLayer norm, LinearLayer gate, LinearLayer up, LinearLayer down)
{
    private const long PieceBytes = 3L << 20;
    private readonly long piece = Math.Max(64, PieceBytes / (4 * gate.OutFeatures));

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

        var output = empty_like(x);
        using var weight = down.Weight.Value.t();
        foreach (var (start, length) in Pieces(x.shape[0]))
        {
            using var scope = NewDisposeScope();
            var product = nn.functional.silu(gated.narrow(0, start, length)).mul_(raised.narrow(0, start, length));
            output.narrow(0, start, length).addmm_(product, weight, 0, 1).add_(x.narrow(0, start, length));
        }

        return (down.Bias is { } bias ? output.add_(bias.Value) : output, inverse, gated, raised);
    }

    private Tensor Backward(Tensor gradient, Kept kept)
    {
        using var scope = NewDisposeScope();
        var normed = RmsNormKernel.Apply(kept.Input, kept.Inverse, norm.Weight.Value);
        var throughNorm = empty_like(normed);
        foreach (var (start, length) in Pieces(normed.shape[0]))
        {
            using var inner = NewDisposeScope();
            var (gated, raised) = (kept.Gate.narrow(0, start, length), kept.Up.narrow(0, start, length));
            var active = nn.functional.silu(gated);
            var throughProduct = LinearKernel.Backward(down, gradient.narrow(0, start, length), active.mul(raised));
            var throughUp = active.mul_(throughProduct);
            var throughGate = ModelOps.SiluBackward(throughProduct.mul_(raised), gated);
            var (input, output) = (normed.narrow(0, start, length), throughNorm.narrow(0, start, length));
            LinearKernel.BackwardInto(output, gate, throughGate, input, adds: false);
            LinearKernel.BackwardInto(output, up, throughUp, input, adds: true);
        }

        kept.Gate.Dispose();
        kept.Up.Dispose();
        var (inputGradient, weightGradient) = RmsNormKernel.Backward(throughNorm, kept.Input, kept.Inverse, norm.Weight.Value, norm.Weight.Value.requires_grad);
        WeightGradient.Add(norm.Weight, () => weightGradient!);
        return inputGradient.add_(gradient).MoveToOuterDisposeScope();
    }

    private IEnumerable<(long Start, long Length)> Pieces(long rows)
    {
        for (long start = 0; start < rows; start += piece)
        {
            yield return (start, Math.Min(piece, rows - start));
        }
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(GatedBranch Branch, Tensor Input, Tensor Inverse, Tensor Gate, Tensor Up);

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

            // Not by save_for_backward: what is saved there lives until the whole graph is gone.
            ctx.save_data("kept", new Kept(branch, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), gated.DetachFromDisposeScope(), raised.DetachFromDisposeScope()));
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, () =>
        {
            using var scope = NewDisposeScope();
            var kept = (Kept)ctx.get_data("kept");
            var input = kept.Branch.Backward(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept);
            kept.Input.Dispose();
            kept.Inverse.Dispose();
            return [input.MoveToOuterDisposeScope(), null!];
        });
    }
}
