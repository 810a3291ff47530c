using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// Queries, keys and values of norm(x) as one node of the graph, adapters and quantised weights included. Kept for backward: x
/// and one number a row; the norm's output is made again. Gradients of the parameters are added where they
/// belong at once.
/// </summary>
internal sealed class NormedProjections(RmsNormLayer norm, LinearLayer query, LinearLayer key, LinearLayer value)
{
    /// <summary>The projections behind a norm; null where they are of another kind.</summary>
    public static NormedProjections? For(INormLayer norm, IQueryKeyValue projection) =>
        norm is RmsNormLayer { Style: not RmsNormStyle.OffsetThenCast } rms && projection is SeparateQueryKeyValue separate
            ? new NormedProjections(rms, separate.Layers.Query, separate.Layers.Key, separate.Layers.Value) : null;

    /// <summary>Whether it can be computed this way now: weights in the type of the computation or quantised, adapters that can be.</summary>
    public bool Fits(Tensor hidden, bool training) =>
        hidden.dtype == ScalarType.Float32 && norm.Weight.Value.dtype == ScalarType.Float32
        && LinearKernel.Fits(query, training, hidden.device) && LinearKernel.Fits(key, training, hidden.device) && LinearKernel.Fits(value, training, hidden.device)
        && (hidden.requires_grad || !is_grad_enabled());

    /// <summary>[B, T, H] → three of [B · T, out].</summary>
    public (Tensor Query, Tensor Key, Tensor Value) Forward(Tensor hidden, bool training)
    {
        using var scope = NewDisposeScope();
        var rows = hidden.reshape(-1, hidden.shape[^1]);
        var seed = LinearKernel.DropoutSeed(training, query, key, value);
        var parts = is_grad_enabled() ? Node.Apply(rows, this, seed) : Compute(rows, Inverse(rows), seed);
        return (parts[0].MoveToOuterDisposeScope(), parts[1].MoveToOuterDisposeScope(), parts[2].MoveToOuterDisposeScope());
    }

    private Tensor Inverse(Tensor x) => RmsNormKernel.Inverse(x, norm.Epsilon);

    private List<Tensor> Compute(Tensor x, Tensor inverse, ulong? seed)
    {
        using var normed = RmsNormKernel.Apply(x, inverse, norm.Weight.Value);
        return [Product(query, 0), Product(key, 1), Product(value, 2)];

        Tensor Product(LinearLayer layer, int place) => LinearKernel.Forward(layer, normed, LinearKernel.Mask(layer, seed, place));
    }

    private Tensor Backward(List<Tensor?> gradients, Kept kept)
    {
        using var scope = NewDisposeScope();
        var throughNorm = empty_like(kept.Input);
        var adds = false;
        using (var normed = RmsNormKernel.Apply(kept.Input, kept.Inverse, norm.Weight.Value))
        {
            foreach (var (layer, place) in ((LinearLayer, int)[])[(query, 0), (key, 1), (value, 2)])
            {
                var gradient = gradients[place];

                // Where nothing depends on an output (queries and keys, if each token sees itself alone), there is none.
                if (gradient is not null)
                {
                    LinearKernel.BackwardInto(throughNorm, layer, gradient, normed, adds, LinearKernel.Mask(layer, kept.Seed, place));
                    adds = true;
                }
            }
        }

        if (!adds)
        {
            throughNorm.zero_();
        }

        var (inputGradient, weightGradient) = RmsNormKernel.Backward(throughNorm, kept.Input, kept.Inverse, norm.Weight.Value, norm.Weight.Value.requires_grad);
        WeightGradient.Add(norm.Weight.Value, () => weightGradient!);
        return inputGradient.MoveToOuterDisposeScope();
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go as soon as they have been used, or with the graph.</summary>
    private sealed record Kept(NormedProjections Projections, Tensor Input, Tensor Inverse, ulong? Seed);

    private sealed class Node : autograd.MultiTensorFunction<Node>
    {
        public override string Name => nameof(NormedProjections);

        public static List<Tensor> Apply(Tensor rows, NormedProjections projections, ulong? seed) => apply(rows, projections, seed!);

        public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (x, projections, seed) = ((Tensor)vars[0], (NormedProjections)vars[1], (ulong?)vars[2]);
            using var scope = NewDisposeScope();
            var inverse = projections.Inverse(x);
            var parts = projections.Compute(x, inverse, seed);
            ctx.set_materialize_grads(false);
            ctx.save_data("kept", new Kept(projections, x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), seed));
            return [.. parts.Select(p => p.MoveToOuterDisposeScope())];
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs) => AutogradGuard.Run(3, grad_outputs, () =>
        {
            using var scope = NewDisposeScope();
            var kept = (Kept)ctx.get_data("kept");
            List<Tensor?> gradients = [.. grad_outputs.Select(g => g is null || g.IsInvalid || g.is_contiguous() ? g : g.contiguous())];
            gradients = [.. gradients.Select(g => g?.IsInvalid == true ? null : g)];
            var input = kept.Projections.Backward(gradients, kept);
            kept.Input.Dispose();
            kept.Inverse.Dispose();
            return [input.MoveToOuterDisposeScope(), null!, null!];
        });
    }
}
