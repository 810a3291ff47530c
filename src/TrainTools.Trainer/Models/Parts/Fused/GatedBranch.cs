using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, adapters and quantised weights included. Kept for
/// backward: x, one number a row, gate and up, as far as <see cref="Keeps"/> says. All else (the norm's output, silu, the
/// product) is made again, some rows at a time, so that what is made stays in the processor's cache and no memory of the whole's
/// size is asked for. Gradients of the parameters are added where they belong at once.
/// </summary>
internal sealed class GatedBranch(RmsNormLayer norm, LinearLayer gate, LinearLayer up, LinearLayer down)
{
    private const long PieceBytes = 6L << 20;
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
        var output = is_grad_enabled() ? Node.Apply(rows, this, seed, alone) : Compute(rows, seed, default).Output;
        return output.view(hidden.shape).MoveToOuterDisposeScope();
    }

    // Of gate, the first rows are kept and the others apart; of up, all rows or none.
    private (Tensor Output, Tensor Inverse, Tensor? Gate, Tensor? Up) Compute(Tensor x, ulong? seed, RowsKept kept)
    {
        var rows = x.shape[0];
        var inverse = RmsNormKernel.Inverse(x, norm.Epsilon);
        var masks = MasksOf(seed);
        Tensor? first;
        Tensor? others;
        Tensor raised;
        using (var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value))
        {
            first = Gated(normed, 0, kept.Gate);
            others = Gated(normed, kept.Gate, rows - kept.Gate);
            raised = LinearKernel.Forward(up, normed, masks.Up);
        }

        var output = empty_like(x);
        foreach (var (start, length) in kept.Up ? Pieces(rows) : [(0, kept.Gate), (kept.Gate, rows - kept.Gate)])
        {
            if (length == 0)
            {
                continue;
            }

            using var scope = NewDisposeScope();
            var gated = start < kept.Gate ? first!.narrow(0, start, length) : others!;
            var product = GatedKernel.Product(gated, raised.narrow(0, start, length), kept.Up);
            var part = output.narrow(0, start, length);
            LinearKernel.ForwardInto(part, down, product, masks.Down?.Rows(start, length));
            part.add_(x.narrow(0, start, length));
        }

        return (output, inverse, first, kept.Up ? raised : null);

        Tensor? Gated(Tensor normed, long start, long length)
        {
            using var part = normed.narrow(0, start, length);
            return length == 0 ? null : LinearKernel.Forward(gate, part, masks.Gate?.Rows(start, length));
        }
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
            var gated = GateAgain(normed, kept.Gate, start, length, rows.Gate);
            var raised = kept.Up?.narrow(0, start, length) ?? LinearKernel.Forward(up, normed, rows.Up);
            var (product, throughGate, throughUp) = GatedKernel.Backward(gated, raised, LinearKernel.InputGradient(down, sent, rows.Down));
            LinearKernel.ParameterGradients(down, sent, product, rows.Down);
            product.Dispose();
            var throughNorm = empty_like(normed);
            LinearKernel.BackwardInto(throughNorm, gate, throughGate, normed, adds: false, rows.Gate);
            LinearKernel.BackwardInto(throughNorm, up, throughUp, normed, adds: true, rows.Up);
            var weight = norm.Weight.Value;
            var weightGradient = RmsNormKernel.BackwardInto(output.narrow(0, start, length), sent, throughNorm, x, inverse, weight, weight.requires_grad);
            WeightGradient.Add(weight, () => weightGradient!);
        }

        return output.MoveToOuterDisposeScope();
    }

    // What was kept of some rows, and the rest of them made again.
    private Tensor GateAgain(Tensor normed, Tensor? kept, long start, long length, DropoutMask? mask)
    {
        var there = Math.Clamp((kept?.shape[0] ?? 0) - start, 0, length);
        if (there == length)
        {
            return kept!.narrow(0, start, length);
        }

        if (there == 0)
        {
            return LinearKernel.Forward(gate, normed, mask);
        }

        var gated = empty([length, gate.OutFeatures], normed.dtype, normed.device);
        gated.narrow(0, 0, there).copy_(kept!.narrow(0, start, there));
        LinearKernel.ForwardInto(gated.narrow(0, there, length - there), gate, normed.narrow(0, there, length - there), mask?.Rows(there, length - there));
        return gated;
    }

    /// <summary>
    /// How many rows of gate and up are kept. Where the weights are trained, all: time counts most. Where only adapters are,
    /// memory does: up is made again, and gate for three rows in ten, which costs a fourteenth of a step's products. A quantised gate is
    /// kept, since it would be made into floats once more; and all is kept where no other layer's is there at the same time.
    /// </summary>
    private RowsKept Keeps(long rows, bool alone)
    {
        if (alone || LinearKernel.IsTrained(gate) || LinearKernel.IsTrained(up))
        {
            return new RowsKept(rows, true);
        }

        return new RowsKept(LinearKernel.IsQuantized(gate) ? rows : rows * 7 / 10, false);
    }

    private Masks MasksOf(ulong? seed) => new(LinearKernel.Mask(gate, seed, 0), LinearKernel.Mask(up, seed, 1), LinearKernel.Mask(down, seed, 2));

    // A quantised weight is made anew for each product: all rows at once then.
    private IEnumerable<(long Start, long Length)> Pieces(long rows)
    {
        var step = LinearKernel.IsQuantized(gate) || LinearKernel.IsQuantized(up) || LinearKernel.IsQuantized(down) ? rows : piece;

        // As even as can be: a short last piece would cost as much as a long one.
        var count = (rows + step - 1) / step;
        for (long i = 0, start = 0; i < count; i++)
        {
            var length = (rows - start) / (count - i);
            yield return (start, length);
            start += length;
        }
    }

    /// <summary>Dropout's masks of one pass.</summary>
    private readonly record struct Masks(DropoutMask? Gate, DropoutMask? Up, DropoutMask? Down)
    {
        public Masks Rows(long start, long count) => new(Gate?.Rows(start, count), Up?.Rows(start, count), Down?.Rows(start, count));
    }

    /// <summary>How many rows of gate are kept, and whether up is.</summary>
    private readonly record struct RowsKept(long Gate, bool Up);

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
            var (output, inverse, gated, raised) = branch.Compute(x, seed, branch.Keeps(x.shape[0], alone));
            ctx.set_materialize_grads(false);

            // Not by save_for_backward: what is saved there lives until the whole graph is gone.
            ctx.save_data("kept", new Kept(branch, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), gated?.DetachFromDisposeScope(), raised?.DetachFromDisposeScope(), seed));
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(4, [grad_output], () =>
        {
            using var scope = NewDisposeScope();
            using var kept = (Kept)ctx.get_data("kept");
            return [kept.Branch.Backward(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept).MoveToOuterDisposeScope(), null!, null!, null!];
        });
    }
}
