using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, adapters and quantised weights included. Kept for
/// backward: x, one number a row, gate and up (a quantised up, whose user is short of memory, is made again); the norm's output, silu, the product and dropout's masks are made again, some
/// rows at a time, so that what is made stays in the processor's cache and no memory of the whole's size is asked for.
/// Gradients of the parameters are added where they belong at once.
/// </summary>
internal sealed class GatedBranch(RmsNormLayer norm, LinearLayer gate, LinearLayer up, LinearLayer down)
{
    private const long PieceBytes = 3L << 20;
    private const int DownPlace = 2;
    private readonly long piece = Math.Max(64, PieceBytes / (4 * gate.OutFeatures));

    /// <summary>The branch of a norm and a feed-forward; null where they are of another kind.</summary>
    public static GatedBranch? For(INormLayer norm, IFeedForward feedForward) =>
        norm is RmsNormLayer { Style: not RmsNormStyle.OffsetThenCast } rms && feedForward is GatedFeedForward { Silu: { } layers }
            ? new GatedBranch(rms, layers.Gate, layers.Up, layers.Down) : null;

    /// <summary>Whether the branch can be computed this way now: weights in the type of the computation or quantised, adapters that can be.</summary>
    public bool Fits(Tensor hidden, bool training) =>
        hidden.dtype == ScalarType.Float32 && norm.Weight.Value.dtype == ScalarType.Float32
        && LinearKernel.Fits(gate, training, hidden.device) && LinearKernel.Fits(up, training, hidden.device) && LinearKernel.Fits(down, training, hidden.device)
        && (hidden.requires_grad || !is_grad_enabled());

    /// <summary>[B, T, H] → [B, T, H].</summary>
    public Tensor Forward(Tensor hidden, bool training)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.reshape(-1, hidden.shape[^1]);
        var seed = LinearKernel.DropoutSeed(training, gate, up, down);
        var output = is_grad_enabled() ? Node.Apply(rows, this, seed) : Compute(rows, seed).Output;
        return output.view(hidden.shape).MoveToOuterDisposeScope();
    }

    private (Tensor Output, Tensor Inverse, Tensor Gate, Tensor Up) Compute(Tensor x, ulong? seed)
    {
        var inverse = RmsNormKernel.Inverse(x, norm.Epsilon);
        Tensor gated;
        Tensor raised;
        using (var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value))
        {
            gated = Product(gate, normed, 0);
            raised = Product(up, normed, 1);
        }

        var output = empty_like(x);
        using var mask = LinearKernel.Mask(down, x.shape[0], seed, DownPlace);
        foreach (var (start, length) in Pieces(x.shape[0]))
        {
            using var scope = NewDisposeScope();
            var product = nn.functional.silu(gated.narrow(0, start, length)).mul_(raised.narrow(0, start, length));
            var part = output.narrow(0, start, length);
            LinearKernel.ForwardInto(part, down, product, mask?.narrow(0, start, length));
            part.add_(x.narrow(0, start, length));
        }

        return (output, inverse, gated, raised);

        Tensor Product(LinearLayer layer, Tensor normed, int place)
        {
            using var mask = LinearKernel.Mask(layer, x.shape[0], seed, place);
            return LinearKernel.Forward(layer, normed, mask);
        }
    }

    private Tensor Backward(Tensor gradient, Kept kept)
    {
        using var scope = NewDisposeScope();
        var normed = RmsNormKernel.Apply(kept.Input, kept.Inverse, norm.Weight.Value);
        var throughNorm = empty_like(normed);
        var rows = normed.shape[0];
        var masks = (Gate: LinearKernel.Mask(gate, rows, kept.Seed, 0), Up: LinearKernel.Mask(up, rows, kept.Seed, 1), Down: LinearKernel.Mask(down, rows, kept.Seed, DownPlace));
        foreach (var (start, length) in Pieces(rows))
        {
            using var inner = NewDisposeScope();
            var (input, output) = (normed.narrow(0, start, length), throughNorm.narrow(0, start, length));
            var gated = kept.Gate.narrow(0, start, length);
            var raised = kept.Up?.narrow(0, start, length) ?? LinearKernel.Forward(up, input, masks.Up?.narrow(0, start, length));
            var active = nn.functional.silu(gated);
            var throughProduct = LinearKernel.Backward(down, gradient.narrow(0, start, length), active.mul(raised), masks.Down?.narrow(0, start, length));
            var throughUp = active.mul_(throughProduct);
            var throughGate = ModelOps.SiluBackward(throughProduct.mul_(raised), gated);
            LinearKernel.BackwardInto(output, gate, throughGate, input, adds: false, masks.Gate?.narrow(0, start, length));
            LinearKernel.BackwardInto(output, up, throughUp, input, adds: true, masks.Up?.narrow(0, start, length));
        }

        kept.Gate.Dispose();
        kept.Up?.Dispose();
        var (inputGradient, weightGradient) = RmsNormKernel.Backward(throughNorm, kept.Input, kept.Inverse, norm.Weight.Value, norm.Weight.Value.requires_grad);
        WeightGradient.Add(norm.Weight.Value, () => weightGradient!);
        return inputGradient.add_(gradient).MoveToOuterDisposeScope();
    }

    private bool KeepsUp => !LinearKernel.IsQuantized(up);

    // A quantised weight is made anew for each product: all rows at once then.
    private IEnumerable<(long Start, long Length)> Pieces(long rows)
    {
        var step = LinearKernel.IsQuantized(gate) || LinearKernel.IsQuantized(up) || LinearKernel.IsQuantized(down) ? rows : piece;
        for (long start = 0; start < rows; start += step)
        {
            yield return (start, Math.Min(step, rows - start));
        }
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(GatedBranch Branch, Tensor Input, Tensor Inverse, Tensor Gate, Tensor? Up, ulong? Seed);

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        public override string Name => nameof(GatedBranch);

        public static Tensor Apply(Tensor rows, GatedBranch branch, ulong? seed) => apply(rows, branch, seed!);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, branch, seed) = ((Tensor)vars[0], (GatedBranch)vars[1], (ulong?)vars[2]);
            using var scope = NewDisposeScope();
            var (output, inverse, gated, raised) = branch.Compute(x, seed);
            ctx.set_materialize_grads(false);

            // Not by save_for_backward: what is saved there lives until the whole graph is gone.
            ctx.save_data("kept", new Kept(branch, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), gated.DetachFromDisposeScope(), branch.KeepsUp ? raised.DetachFromDisposeScope() : null, seed));
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(3, () =>
        {
            using var scope = NewDisposeScope();
            var kept = (Kept)ctx.get_data("kept");
            var input = kept.Branch.Backward(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept);
            kept.Input.Dispose();
            kept.Inverse.Dispose();
            return [input.MoveToOuterDisposeScope(), null!, null!];
        });
    }
}
