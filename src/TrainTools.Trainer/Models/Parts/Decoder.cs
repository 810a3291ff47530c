using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>From token ids to hidden states.</summary>
internal interface IBackbone
{
    /// <summary>Layers.</summary>
    int LayerCount { get; }

    /// <summary>[B, T] ids → [B, T, H].</summary>
    Tensor Forward(ModelInput input, PretrainedModel model);
}

/// <summary>What a decoder does around its layers.</summary>
internal sealed record DecoderSettings
{
    /// <summary>Learnt positions; null = none.</summary>
    public EmbeddingLayer? Positions { get; init; }

    /// <summary>Factor of the token embeddings; null = 1.</summary>
    public double? EmbeddingScale { get; init; }

    /// <summary>Dropout after the embeddings.</summary>
    public double EmbeddingDropout { get; init; }

    /// <summary>Whether later positions are seen too.</summary>
    public bool Bidirectional { get; init; }
}

/// <summary>Token embedding, layers, last norm.</summary>
internal sealed class Decoder(EmbeddingLayer tokens, IReadOnlyList<IModelLayer> layers, INormLayer lastNorm, DecoderSettings? settings = null) : IBackbone
{
    private readonly DecoderSettings settings = settings ?? new DecoderSettings();

    /// <inheritdoc/>
    public int LayerCount => layers.Count;

    /// <summary>Whether every layer has a form of its own for small models.</summary>
    public bool IsCompact { get; } = layers.All(l => l is PreNormLayer { IsCompact: true });

    /// <inheritdoc/>
    public Tensor Forward(ModelInput input, PretrainedModel model)
    {
        // Made in the caller's scope: layers computed again in the backward pass need it.
        var context = new ForwardContext(input, causal: !settings.Bidirectional, model.ComputeType) { OneLayerAtATime = model.LayerRunner is not null };
        using var scope = NewDisposeScope();
        var hidden = LayerStack.Run(layers, Embed(input, context, model), context, model.LayerRunner);
        input.Cache?.Advance(input.InputIds.shape[1]);
        return lastNorm.Forward(hidden).MoveToOuterDisposeScope();
    }

    private Tensor Embed(ModelInput input, ForwardContext context, PretrainedModel model)
    {
        var hidden = tokens.Forward(input.InputIds, context.Dtype, context.Training);
        if (settings.EmbeddingScale is { } factor)
        {
            // Rounded to the type of the computation first, as the family's own code does.
            hidden = hidden.mul(tensor(factor, context.Dtype, hidden.device));
        }

        hidden = EmbeddingNoise.Apply(hidden, model.NeftuneNoiseAlpha, context.Training);
        if (settings.Positions is { } positions)
        {
            hidden = hidden.add(positions.Forward(context.Positions(), context.Dtype, context.Training));
        }

        return context.Dropout(hidden, settings.EmbeddingDropout);
    }
}

/// <summary>Runs layers one after another, through the runner where there is one.</summary>
internal static class LayerStack
{
    public static Tensor Run(IReadOnlyList<IModelLayer> layers, Tensor hidden, ForwardContext context, ILayerRunner? runner)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            var layer = layers[i];
            if (runner is null)
            {
                var next = layer.Forward(hidden, context);
                hidden.Dispose();
                hidden = next;
            }
            else
            {
                hidden = runner.Run(i, x => layer.Forward(x, context), hidden);
            }
        }

        return hidden;
    }
}

/// <summary>NEFTune's uniform noise of ± alpha / sqrt(T · H), T being the padded length.</summary>
internal static class EmbeddingNoise
{
    public static Tensor Apply(Tensor embedded, double? alpha, bool training)
    {
        if (!training || alpha is not > 0)
        {
            return embedded;
        }

        double half = alpha.Value / Math.Sqrt((double)embedded.shape[1] * embedded.shape[2]);
        using var noise = empty_like(embedded.detach()).uniform_(-half, half);
        return embedded.add(noise);
    }
}
