using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Families;

/// <summary>Which layers look through a window and which see everything: layer_types of newer configs, or a family's rule.</summary>
internal static class LayerTypes
{
    /// <summary>A layer that sees all positions before it.</summary>
    public const string Full = "full_attention";

    /// <summary>A layer that sees the last positions only.</summary>
    public const string Sliding = "sliding_attention";

    /// <summary>Whether each layer is a sliding one.</summary>
    /// <param name="config">The config.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="rule">The family's rule where the config does not say.</param>
    public static bool[] Read(ModelConfigFile config, int layers, Func<int, bool> rule)
    {
        if (config.TextsOrNull("layer_types") is not { } types)
        {
            return Enumerable.Range(0, layers).Select(rule).ToArray();
        }

        if (types.Count < layers)
        {
            throw config.Wrong("layer_types", $"a list of {layers} types, one a layer");
        }

        return types.Take(layers).Select(t => t switch
        {
            Full => false,
            Sliding => true,
            _ => throw config.Unsupported("layer_types", $"{Full}, {Sliding}"),
        }).ToArray();
    }

    /// <summary>The window of each layer; null for a full one. Errors: ModelConfigInvalid where a sliding layer has no window.</summary>
    public static int?[] Windows(ModelConfigFile config, bool[] sliding, int? window)
    {
        if (sliding.Contains(true) && window is null or < 1)
        {
            throw config.Wrong("sliding_window", "a whole number from 1, as some layers are sliding ones");
        }

        return Array.ConvertAll(sliding, s => s ? window : null);
    }
}
