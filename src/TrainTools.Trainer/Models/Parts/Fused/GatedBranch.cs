using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// x + down(silu(gate(norm(x))) · up(norm(x))) as one node of the graph, adapters and quantised weights included. Kept for
/// backward: x, one number a row, gate, and up where <see cref="KeepsUp"/> says so. All else (the norm's output, silu, the
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
        var output = is_grad_enabled() ? Node.Apply(rows, this, seed, alone) : Compute(rows, seed, keepsUp: false).Output;
        return output.view(hidden.shape).MoveToOuterDisposeScope();
    }

    // Where up is not kept, the product takes its place.
    private (Tensor Output, Tensor Inverse, Tensor Gate, Tensor Up) Compute(Tensor x, ulong? seed, bool keepsUp)
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
        foreach (var (start, length) in keepsUp ? Pieces(x.shape[0]) : [(0, x.shape[0])])
        {
            using var scope = NewDisposeScope();
            var product = GatedKernel.Product(gated.narrow(0, start, length), raised.narrow(0, start, length), keepsUp);
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
            var gated = kept.Gate.narrow(0, start, length);
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

    /// <summary>
    /// Whether up is kept beside gate. Where the weights are trained it is: time counts most. Where only adapters are, memory
    /// does: up is made again, which costs an eighteenth of a step's products, unless the rows are few (and the weights are not
    /// quantised: then memory counts most), or no other layer's is there at the same time.
    /// </summary>
    private bool KeepsUp(bool alone, long rows) =>
        alone || LinearKernel.IsTrained(gate) || LinearKernel.IsTrained(up) || (rows < 2 * BatchParts.AdapterTokens && !LinearKernel.IsQuantized(up));

    private Masks MasksOf(ulong? seed) => new(LinearKernel.Mask(gate, seed, 0), LinearKernel.Mask(up, seed, 1), LinearKernel.Mask(down, seed, 2));

    // A quantised weight is made anew for each product: all rows at once then.
    private IEnumerable<(long Start, long Length)> Pieces(long rows)
    {
        var step = LinearKernel.IsQuantized(gate) || LinearKernel.IsQuantized(up) || LinearKernel.IsQuantized(down) ? Math.Max(1, rows) : piece;

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

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(GatedBranch Branch, Tensor Input, Tensor Inverse, Tensor Gate, Tensor? Up, ulong? Seed) : IDisposable
    {
        public void Dispose()
        {
            Input.Dispose();
            Inverse.Dispose();
            Gate.Dispose();
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
            var keepsUp = branch.KeepsUp(alone, x.shape[0]);
            var (output, inverse, gated, raised) = branch.Compute(x, seed, keepsUp);
            ctx.set_materialize_grads(false);

            // Not by save_for_backward: what is saved there lives until the whole graph is gone.
            ctx.save_data("kept", new Kept(branch, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), gated.DetachFromDisposeScope(), keepsUp ? raised.DetachFromDisposeScope() : null, seed));
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
