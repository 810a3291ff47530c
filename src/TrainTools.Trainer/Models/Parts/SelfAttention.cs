using TorchSharp;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Queries, keys and values of a layer, each [B, T, heads, D].</summary>
internal interface IQueryKeyValue
{
    (Tensor Query, Tensor Key, Tensor Value) Project(Tensor hidden, bool training);
}

/// <summary>Three projections.</summary>
internal sealed class SeparateQueryKeyValue(LinearLayer query, LinearLayer key, LinearLayer value, AttentionSettings settings) : IQueryKeyValue
{
    /// <summary>The projections.</summary>
    public (LinearLayer Query, LinearLayer Key, LinearLayer Value) Layers { get; } = (query, key, value);

    public (Tensor Query, Tensor Key, Tensor Value) Project(Tensor hidden, bool training)
    {
        long rows = hidden.shape[0];
        long count = hidden.shape[1];
        return (
            query.Forward(hidden, training).view(rows, count, settings.Heads, settings.HeadDim),
            key.Forward(hidden, training).view(rows, count, settings.KeyValueHeads, settings.HeadDim),
            value.Forward(hidden, training).view(rows, count, settings.KeyValueHeads, settings.HeadDim));
    }
}

/// <summary>One projection whose output is queries, keys and values side by side (Phi-3, GPT-2).</summary>
internal sealed class FusedQueryKeyValue(LinearLayer fused, AttentionSettings settings) : IQueryKeyValue
{
    public (Tensor Query, Tensor Key, Tensor Value) Project(Tensor hidden, bool training)
    {
        long rows = hidden.shape[0];
        long count = hidden.shape[1];
        long keyValueSize = (long)settings.KeyValueHeads * settings.HeadDim;
        var parts = fused.Forward(hidden, training).split([(long)settings.Heads * settings.HeadDim, keyValueSize, keyValueSize], -1);
        return (
            parts[0].view(rows, count, settings.Heads, settings.HeadDim),
            parts[1].view(rows, count, settings.KeyValueHeads, settings.HeadDim),
            parts[2].view(rows, count, settings.KeyValueHeads, settings.HeadDim));
    }
}

/// <summary>One projection whose output is, head by head, its query, key and value (GPT-NeoX).</summary>
internal sealed class HeadwiseQueryKeyValue(LinearLayer fused, AttentionSettings settings) : IQueryKeyValue
{
    public (Tensor Query, Tensor Key, Tensor Value) Project(Tensor hidden, bool training)
    {
        var parts = fused.Forward(hidden, training)
            .view(hidden.shape[0], hidden.shape[1], settings.Heads, 3L * settings.HeadDim)
            .chunk(3, -1);
        return (parts[0], parts[1], parts[2]);
    }
}

/// <summary>Self-attention: projections, optional norms of queries and keys, optional rotary positions, output.</summary>
internal sealed class SelfAttention(int layer, AttentionSettings settings, IQueryKeyValue projection, LinearLayer output)
{
    /// <summary>Settings in force.</summary>
    public AttentionSettings Settings { get; } = settings;

    /// <summary>Rotary positions; null = none.</summary>
    public RotaryEmbedding? Rotary { get; init; }

    /// <summary>Norm of queries and of keys; null = none.</summary>
    public (INormLayer Query, INormLayer Key)? Norms { get; init; }

    /// <summary>Whether the norms act on all heads together (OLMo-2) instead of on each (Qwen3).</summary>
    public bool NormsAcrossHeads { get; init; }

    /// <summary>[B, T, H] → [B, T, H].</summary>
    public Tensor Forward(Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        return Attend(Projection.Project(hidden, context.Training), context).MoveToOuterDisposeScope();
    }

    /// <summary>The same of x [B, T, H] whose norm is what is projected.</summary>
    public Tensor Forward(NormedProjections projections, Tensor hidden, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        long rows = hidden.shape[0];
        long count = hidden.shape[1];
        var (q, k, v) = projections.Forward(hidden, context.Training);
        return Attend(
            (q.view(rows, count, Settings.Heads, Settings.HeadDim), k.view(rows, count, Settings.KeyValueHeads, Settings.HeadDim), v.view(rows, count, Settings.KeyValueHeads, Settings.HeadDim)),
            context).MoveToOuterDisposeScope();
    }

    /// <summary>What makes queries, keys and values.</summary>
    public IQueryKeyValue Projection { get; } = projection;

    /// <summary>What the heads' outputs go through together.</summary>
    public LinearLayer Output { get; } = output;

    private Tensor Attend((Tensor Query, Tensor Key, Tensor Value) projected, ForwardContext context)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = projected;
        if (Norms is { } norms)
        {
            q = Normed(norms.Query, q);
            k = Normed(norms.Key, k);
        }

        if (Rotary is not null)
        {
            var tables = context.Rotary(Rotary);
            q = RotaryEmbedding.Apply(q, tables);
            k = RotaryEmbedding.Apply(k, tables);
        }

        var attended = AttentionKernel.Attend(q, k, v, layer, Settings, context);
        return Output.Forward(attended, context.Training).MoveToOuterDisposeScope();
    }

    private Tensor Normed(INormLayer norm, Tensor heads) =>
        NormsAcrossHeads ? norm.Forward(heads.flatten(2)).view(heads.shape) : norm.Forward(heads);
}
