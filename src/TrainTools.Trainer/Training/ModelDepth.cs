using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>Where a parameter stands in its model, by its Hugging Face name.</summary>
internal static class ModelDepth
{
    /// <summary>Number of the layer a parameter belongs to, from 0; null for embeddings, final norms and heads.</summary>
    public static int? Layer(string name)
    {
        var parts = name.Split('.');
        for (var i = 1; i < parts.Length; i++)
        {
            if (int.TryParse(parts[i], out var number))
            {
                return number;
            }
        }

        return null;
    }

    /// <summary>Whether a parameter is one of the embeddings, their norm included.</summary>
    public static bool IsEmbedding(PretrainedModel model, string name) =>
        Layer(name) is null && (name.Contains("embeddings.", StringComparison.Ordinal) || model.EmbeddingLayers.Keys.Any(e => name == e + ".weight"));

    /// <summary>Steps below the head: 0 for the head, 1 for the top layer, one more than the layers for the embeddings (as in BEiT's fine-tuning).</summary>
    public static int FromTop(PretrainedModel model, string name) =>
        Layer(name) is { } layer ? model.LayerCount - layer : IsEmbedding(model, name) ? model.LayerCount + 1 : 0;
}

/// <summary>What full fine-tuning leaves as it is.</summary>
/// <param name="Embeddings">The embeddings.</param>
/// <param name="Layers">The first of the layers.</param>
public sealed record FrozenParts(bool Embeddings, int Layers)
{
    /// <summary>What a configuration freezes; null = nothing.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.FreezeInvalid"/>: the model has fewer layers.</exception>
    public static FrozenParts? From(OptimizationConfig config, PretrainedModel model)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(model);
        if (config.FreezeLayers > model.LayerCount)
        {
            throw new TrainToolsException(
                ErrorIds.FreezeInvalid, ErrorKind.InvalidArgument, $"freeze_layers is {config.FreezeLayers}, and the model has {model.LayerCount} layers.",
                $"Set freeze_layers to {model.LayerCount} or fewer.", "freeze_layers");
        }

        return config.FreezeEmbeddings || config.FreezeLayers > 0 ? new FrozenParts(config.FreezeEmbeddings, config.FreezeLayers) : null;
    }

    /// <summary>Whether a parameter is left as it is.</summary>
    public bool Contains(PretrainedModel model, string name) =>
        ModelDepth.Layer(name) is { } layer ? layer < Layers : Embeddings && ModelDepth.IsEmbedding(model, name);
}
