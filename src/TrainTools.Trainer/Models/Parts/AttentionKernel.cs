using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>softmax(q kᵀ · scale) v under a layout: per document, per window, with soft-caps and dropout.</summary>
internal static class AttentionKernel
{
    /// <summary>Attention of one layer.</summary>
    /// <param name="query">[B, T, heads, D].</param>
    /// <param name="key">[B, T, kvHeads, D], rotated.</param>
    /// <param name="value">[B, T, kvHeads, D].</param>
    /// <param name="layer">The layer's number in the cache.</param>
    /// <param name="settings">The layer's settings.</param>
    /// <param name="context">The forward pass.</param>
    /// <returns>[B, T, heads · D].</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, int layer, AttentionSettings settings, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        long rows = query.shape[0];
        long count = query.shape[1];
        if (PlainCausal(rows, count, settings, context) is { } sequences && AttentionFunction.Fits(query, key, value, sequences))
        {
            return AttentionFunction.Apply(query, key, value, sequences, settings.Scale).MoveToOuterDisposeScope();
        }

        var q = query.transpose(1, 2);
        var k = key.transpose(1, 2);
        var v = value.transpose(1, 2);
        if (context.Input.Cache is { } cache)
        {
            (k, v) = cache.Append(layer, k, v);
        }

        Tensor output;
        if (context.Layout.Documents is { } documents)
        {
            // One split for all documents: its backward is one concatenation.
            var qs = q.split(documents, 2);
            var ks = k.split(documents, 2);
            var vs = v.split(documents, 2);
            var parts = new Tensor[documents.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                parts[i] = Rows(qs[i], ks[i], vs[i], settings, context).transpose(1, 2);
            }

            output = cat(parts, 1);
        }
        else
        {
            output = Rows(q, k, v, settings, context).transpose(1, 2);
        }

        return output.reshape(rows, count, settings.Heads * settings.HeadDim).MoveToOuterDisposeScope();
    }

    /// <summary>The sequences, if each sees itself by the causal rule alone, without a window that it fills, soft-cap, dropout or cache; else null.</summary>
    /// <param name="rows">B.</param>
    /// <param name="count">T.</param>
    /// <param name="settings">The layer's settings.</param>
    /// <param name="context">The forward pass.</param>
    public static (int Start, int Length)[]? PlainCausal(long rows, long count, AttentionSettings settings, ForwardContext context)
    {
        if (context.Input.Cache is not null || context.Layout is not { Causal: true, HasPadding: false }
            || settings.SoftCap is not null || (context.Training && settings.Dropout > 0))
        {
            return null;
        }

        var sequences = context.Layout.Sequences(rows, count);
        return settings.Window is { } window && sequences.Max(s => s.Length) > window ? null : sequences;
    }

    /// <summary>[B, heads, T, D] × [B, kvHeads, S, D] → [B, heads, T, D].</summary>
    private static Tensor Rows(Tensor q, Tensor k, Tensor v, AttentionSettings settings, ForwardContext context)
    {
        long queries = q.shape[2];
        long keys = k.shape[2];
        if (settings.Window is { } window && window < keys && queries == 1 && context.Layout is { Causal: true, HasPadding: false })
        {
            // A single new token sees the last keys only: cut them out instead of masking the rest.
            var (k1, v1) = (k.narrow(2, keys - window, window), v.narrow(2, keys - window, window));
            return Block(q, k1, v1, context.Layout.Mask(1, window, null), settings, context);
        }

        if (settings.Window is { } w && keys >= 2L * w && queries == keys && context.Layout is { Causal: true, HasPadding: false })
        {
            return Windowed(q, k, v, w, settings, context);
        }

        return Block(q, k, v, context.Layout.Mask(queries, keys, settings.Window), settings, context);
    }

    /// <summary>Long rows under a short window: blocks of queries against the keys they can reach, T · window work instead of T².</summary>
    private static Tensor Windowed(Tensor q, Tensor k, Tensor v, int window, AttentionSettings settings, ForwardContext context)
    {
        long total = q.shape[2];
        var parts = new List<Tensor>();
        for (long start = 0; start < total; start += window)
        {
            long end = Math.Min(start + window, total);
            long first = Math.Max(0, start - window + 1);
            parts.Add(Block(
                q.narrow(2, start, end - start),
                k.narrow(2, first, end - first),
                v.narrow(2, first, end - first),
                context.Layout.Mask(end - start, end - first, window),
                settings,
                context));
        }

        return cat(parts, 2);
    }

    private static Tensor Block(Tensor q, Tensor k, Tensor v, AttentionMask mask, AttentionSettings settings, ForwardContext context)
    {
        double dropout = context.Training ? settings.Dropout : 0;
        if (settings.SoftCap is { } cap)
        {
            return SoftCapped(q, k, v, mask, cap, dropout, settings);
        }

        if (mask.Blind is null)
        {
            return TorchOps.Attention(q, k, v, mask.Seen, settings.Scale, mask.Causal, dropout);
        }

        // Not every kernel survives a query that sees nothing: let it see everything, and answer with zeros.
        using var scope = NewDisposeScope();
        var output = TorchOps.Attention(q, k, v, mask.Seen!.logical_or(mask.Blind), settings.Scale, false, dropout);
        return output.masked_fill(mask.Blind, 0).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The fused kernels have no soft-cap, so the scores are made: cap · tanh(scores / cap), softmax in fp32. Hidden
    /// scores get the lowest finite number: a query that sees nothing then spreads evenly, and nothing becomes NaN.
    /// </summary>
    private static Tensor SoftCapped(Tensor q, Tensor k, Tensor v, AttentionMask mask, double cap, double dropout, AttentionSettings settings)
    {
        using var scope = NewDisposeScope();
        long rows = q.shape[0];
        long queries = q.shape[2];
        long keys = k.shape[2];
        int groups = settings.Heads / settings.KeyValueHeads;

        // Query heads that share a key head are stacked, so that keys are never repeated: [B · kvHeads, groups · T, D].
        var stacked = q.reshape(rows * settings.KeyValueHeads, groups * queries, settings.HeadDim);
        var scores = stacked.bmm(k.reshape(rows * settings.KeyValueHeads, keys, settings.HeadDim).transpose(1, 2));
        scores = scores.mul_(settings.Scale / cap).tanh_().mul(cap).view(rows, settings.KeyValueHeads, groups, queries, keys);
        var seen = mask.Causal ? ones(queries, keys, ScalarType.Bool, q.device).tril() : mask.Seen;
        if (seen is not null)
        {
            var hidden = seen.logical_not();
            double lowest = q.dtype == ScalarType.Float16 ? -65504 : -3.3e38;
            scores = scores.masked_fill_(hidden.dim() == 4 ? hidden.unsqueeze(2) : hidden, lowest);
        }

        var weights = nn.functional.softmax(scores, -1, ScalarType.Float32).to_type(q.dtype);
        if (dropout > 0)
        {
            weights = nn.functional.dropout(weights, dropout, training: true);
        }

        var output = weights.view(rows * settings.KeyValueHeads, groups * queries, keys)
            .bmm(v.reshape(rows * settings.KeyValueHeads, keys, settings.HeadDim));
        return output.view(rows, settings.Heads, queries, settings.HeadDim).MoveToOuterDisposeScope();
    }
}
