using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, adapters and quantised weights included. Kept for
/// backward: x, one number a row, gate and up, as far as <see cref="RowsKept"/> says. All else (the norm's output, silu, the
/// product) is made again, some rows at a time, so that what is made stays in the processor's cache and no memory of the whole's
/// size is asked for. Gradients of the parameters are added where they belong at once.
/// </summary>
internal sealed class GatedBranch(RmsNormLayer norm, LinearLayer gate, LinearLayer up, LinearLayer down)
{
    private const long PieceBytes = 3L << 20;
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
    /// <param name="hidden">x.</param>
    /// <param name="training">Whether dropout is on.</param>
    /// <param name="alone">Whether backward follows before another layer is computed: memory is plentiful then.</param>
    public Tensor Forward(Tensor hidden, bool training, bool alone = false)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.reshape(-1, hidden.shape[^1]);
        var seed = LinearKernel.DropoutSeed(training, gate, up, down);
        var output = is_grad_enabled() ? Node.Apply(rows, this, seed, alone) : Compute(rows, seed).Output;
        return output.view(hidden.shape).MoveToOuterDisposeScope();
    }

    private (Tensor Output, Tensor Inverse, Tensor Gate, Tensor Up) Compute(Tensor x, ulong? seed)
    {
        var inverse = RmsNormKernel.Inverse(x, norm.Epsilon);
        var masks = MasksOf(seed);
        Tensor gated;
        Tensor raised;
        using (var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value))
        {
            gated = LinearKernel.Forward(gate, normed, masks.Gate);
            raised = LinearKernel.Forward(up, normed, masks.Up);
        }

        var output = empty_like(x);
        foreach (var (start, length) in Pieces(x.shape[0]))
        {
            using var scope = NewDisposeScope();
            var product = nn.functional.silu(gated.narrow(0, start, length)).mul_(raised.narrow(0, start, length));
            var part = output.narrow(0, start, length);
            LinearKernel.ForwardInto(part, down, product, masks.Down?.Rows(start, length));
            part.add_(x.narrow(0, start, length));
        }

        return (output, inverse, gated, raised);
    }

    private Tensor Backward(Tensor gradient, Kept kept)
    {
        using var scope = NewDisposeScope();
        var output = empty_like(gradient);
        var masks = MasksOf(kept.Seed);
        foreach (var (start, length) in Pieces(gradient.shape[0]))
        {
            using var inner = NewDisposeScope();
            var rows = masks.Rows(start, length);
            var (x, inverse, sent) = (kept.Input.narrow(0, start, length), kept.Inverse.narrow(0, start, length), gradient.narrow(0, start, length));
            var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value);
            var gated = KeptRows(kept.Gate, start, length) ?? LinearKernel.Forward(gate, normed, rows.Gate);
            var raised = KeptRows(kept.Up, start, length) ?? LinearKernel.Forward(up, normed, rows.Up);
            var active = nn.functional.silu(gated);
            Tensor throughProduct;
            using (var product = active.mul(raised))
            {
                throughProduct = LinearKernel.Backward(down, sent, product, rows.Down);
            }

            var throughUp = active.mul_(throughProduct);
            var throughGate = ModelOps.SiluBackward(throughProduct.mul_(raised), gated);
            var throughNorm = empty_like(normed);
            LinearKernel.BackwardInto(throughNorm, gate, throughGate, normed, adds: false, rows.Gate);
            LinearKernel.BackwardInto(throughNorm, up, throughUp, normed, adds: true, rows.Up);
            var (inputGradient, weightGradient) = RmsNormKernel.Backward(throughNorm, x, inverse, norm.Weight.Value, norm.Weight.Value.requires_grad);
            WeightGradient.Add(norm.Weight.Value, () => weightGradient!);
            output.narrow(0, start, length).copy_(inputGradient.add_(sent));
        }

        return output.MoveToOuterDisposeScope();

        static Tensor? KeptRows(Tensor? kept, long start, long length) =>
            kept is not null && start + length <= kept.shape[0] ? kept.narrow(0, start, length) : null;
    }

    /// <summary>
    /// How many rows of gate and up are kept. Where the weights are trained, all: time counts most. Where only adapters are,
    /// memory does: up is made again, and gate for half of the rows, which costs 1/15 of a step's products. A quantised gate is
    /// kept, since it would be made into floats once more; and all is kept where no other layer's is there at the same time.
    /// </summary>
    private (long Gate, long Up) RowsKept(long rows, bool alone)
    {
        if (alone || LinearKernel.IsTrained(gate) || LinearKernel.IsTrained(up))
        {
            return (rows, rows);
        }

        return (LinearKernel.IsQuantized(gate) ? rows : (rows / 2 + piece - 1) / piece * piece, 0);
    }

    private Masks MasksOf(ulong? seed) => new(LinearKernel.Mask(gate, seed, 0), LinearKernel.Mask(up, seed, 1), LinearKernel.Mask(down, seed, 2));

    // A quantised weight is made anew for each product: all rows at once then.
    private IEnumerable<(long Start, long Length)> Pieces(long rows)
    {
        var step = LinearKernel.IsQuantized(gate) || LinearKernel.IsQuantized(up) || LinearKernel.IsQuantized(down) ? rows : piece;
        for (long start = 0; start < rows; start += step)
        {
            yield return (start, Math.Min(step, rows - start));
        }
    }

    /// <summary>Dropout's masks of one pass.</summary>
    private readonly record struct Masks(DropoutMask? Gate, DropoutMask? Up, DropoutMask? Down)
    {
        public Masks Rows(long start, long count) => new(Gate?.Rows(start, count), Up?.Rows(start, count), Down?.Rows(start, count));
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(GatedBranch Branch, Tensor Input, Tensor Inverse, Tensor? Gate, Tensor? Up, ulong? Seed) : IDisposable
    {
        public void Dispose()
        {
            Input.Dispose();
            Inverse.Dispose();
            Gate?.Dispose();
            Up?.Dispose();
        }
    }

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        public override string Name => nameof(GatedBranch);

        public static Tensor Apply(Tensor rows, GatedBranch branch, ulong? seed, bool alone) => apply(rows, branch, seed!, alone);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, branch, seed, alone) = ((Tensor)vars[0], (GatedBranch)vars[1], (ulong?)vars[2], (bool)vars[3]);
            using var scope = NewDisposeScope();
            var (output, inverse, gated, raised) = branch.Compute(x, seed);
            var rows = branch.RowsKept(x.shape[0], alone);
            ctx.set_materialize_grads(false);

            // Not by save_for_backward: what is saved there lives until the whole graph is gone.
            ctx.save_data("kept", new Kept(branch, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), First(gated, rows.Gate), First(raised, rows.Up), seed));
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(4, [grad_output], () =>
        {
            using var scope = NewDisposeScope();
            using var kept = (Kept)ctx.get_data("kept");
            return [kept.Branch.Backward(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept).MoveToOuterDisposeScope(), null!, null!, null!];
        });

        // The first rows, in memory of their own.
        private static Tensor? First(Tensor tensor, long rows) => rows == 0 ? null
            : rows >= tensor.shape[0] ? tensor.DetachFromDisposeScope() : tensor.narrow(0, 0, rows).clone().DetachFromDisposeScope();
    }
}
