using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Embeddings of an encoder: words, learnt positions and, in some families, segments, summed and normalised.</summary>
internal sealed record EncoderEmbeddings(EmbeddingLayer Words, EmbeddingLayer Positions, EmbeddingLayer? Segments, INormLayer Norm)
{
    /// <summary>Dropout after the norm.</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// RoBERTa's rule: positions count the tokens that are not this id, from one above it, and the padding token itself
    /// has the position of its id. Null = positions count from 0.
    /// </summary>
    public int? PositionsAfterPadding { get; init; }

    /// <summary>[B, T] ids → [B, T, H].</summary>
    public Tensor Forward(ModelInput input, ForwardContext context, PretrainedModel model)
    {
        var hidden = EmbeddingNoise.Apply(Words.Forward(input.InputIds, context.Dtype, context.Training), model.NeftuneNoiseAlpha, context.Training);
        if (Segments is not null)
        {
            var segments = input.TokenTypeIds ?? zeros_like(input.InputIds);
            hidden = hidden.add(Segments.Forward(segments, context.Dtype, context.Training));
        }

        hidden = hidden.add(Positions.Forward(PositionIds(input, context), context.Dtype, context.Training));
        return context.Dropout(Norm.Forward(hidden), Dropout);
    }

    private Tensor PositionIds(ModelInput input, ForwardContext context)
    {
        if (PositionsAfterPadding is not { } padding || input.PositionIds is not null)
        {
            return context.Positions();
        }

        if (context.Layout.Documents is not null)
        {
            return context.Positions().add(padding + 1);
        }

        var real = input.InputIds.ne(padding).to_type(ScalarType.Int64);
        return real.cumsum(1).mul(real).add(padding);
    }
}

/// <summary>Embeddings and layers that see both ways.</summary>
internal sealed class Encoder(EncoderEmbeddings embeddings, IReadOnlyList<IModelLayer> layers) : IBackbone
{
    /// <inheritdoc/>
    public int LayerCount => layers.Count;

    /// <inheritdoc/>
    public Tensor Forward(ModelInput input, PretrainedModel model)
    {
        // Made in the caller's scope: layers computed again in the backward pass need it.
        var context = new ForwardContext(input, causal: false, model.ComputeType);
        using var scope = NewDisposeScope();
        return LayerStack.Run(layers, embeddings.Forward(input, context, model), context, model.LayerRunner).MoveToOuterDisposeScope();
    }
}
