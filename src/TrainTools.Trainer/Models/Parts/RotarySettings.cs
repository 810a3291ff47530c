using TrainTools.Core.Models;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// What a config says about rotary positions, read from either layout: 5.x rope_parameters (one object, or one a layer
/// type), 4.x rope_theta beside rope_scaling. Field names and defaults are transformers' (modeling_rope_utils).
/// </summary>
public sealed record RotarySettings
{
    /// <summary>default, linear, dynamic, yarn, llama3 or longrope.</summary>
    public required string Type { get; init; }

    /// <summary>Base of the frequencies.</summary>
    public required double Theta { get; init; }

    /// <summary>Dimensions of a head that are rotated; even.</summary>
    public required int Dimensions { get; init; }

    /// <summary>max_position_embeddings.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Positions of pretraining (yarn, llama3, longrope).</summary>
    public double OriginalMaxPositions { get; init; }

    /// <summary>factor; null where it follows from the positions.</summary>
    public double? Factor { get; init; }

    /// <summary>attention_factor; null where it follows from the factor.</summary>
    public double? AttentionFactor { get; init; }

    /// <summary>yarn.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>yarn.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>yarn.</summary>
    public double Mscale { get; init; }

    /// <summary>yarn.</summary>
    public double MscaleAllDim { get; init; }

    /// <summary>yarn: round the correction range to whole dimensions.</summary>
    public bool Truncate { get; init; } = true;

    /// <summary>llama3.</summary>
    public double LowFrequencyFactor { get; init; }

    /// <summary>llama3.</summary>
    public double HighFrequencyFactor { get; init; }

    /// <summary>longrope, a factor a frequency.</summary>
    public IReadOnlyList<double> ShortFactor { get; init; } = [];

    /// <summary>longrope, a factor a frequency.</summary>
    public IReadOnlyList<double> LongFactor { get; init; } = [];

    /// <summary>Reads a config. Errors: ModelConfigInvalid, ModelSettingUnsupported.</summary>
    /// <param name="config">The model's config.</param>
    /// <param name="headDim">Size of a head.</param>
    /// <param name="maxPositions">max_position_embeddings.</param>
    /// <param name="defaultTheta">The family's base where the config has none.</param>
    /// <param name="defaultPartial">The family's partial_rotary_factor where the config has none.</param>
    /// <param name="layerType">Layer type whose settings are wanted, where the config has one set a layer type.</param>
    public static RotarySettings Read(ModelConfigFile config, int headDim, int maxPositions, double defaultTheta = 10000, double defaultPartial = 1, string? layerType = null)
    {
        // rope_scaling wins where both are there: transformers takes it as the user's word.
        var scaling = config.SectionOrNull("rope_scaling") ?? config.SectionOrNull("rope_parameters");
        if (scaling is not null && layerType is not null && scaling.SectionOrNull(layerType) is { } own)
        {
            scaling = own;
        }

        double theta = scaling?.NumberOrNull("rope_theta") ?? config.NumberOrNull("rope_theta") ?? defaultTheta;
        double partial = config.NumberOrNull("partial_rotary_factor") ?? scaling?.NumberOrNull("partial_rotary_factor") ?? defaultPartial;
        string type = scaling?.TextOrNull("rope_type") ?? scaling?.TextOrNull("type") ?? "default";
        int dimensions = (int)(headDim * partial);
        var settings = new RotarySettings { Type = type, Theta = theta, Dimensions = dimensions, MaxPositions = maxPositions };
        if (theta <= 0 || dimensions < 2 || dimensions > headDim || dimensions % 2 != 0)
        {
            throw (scaling ?? config).Wrong(theta <= 0 ? "rope_theta" : "partial_rotary_factor", theta <= 0 ? "above 0" : $"such that an even number of a head's {headDim} dimensions is rotated");
        }

        return type == "default" ? settings : ReadScaled(settings, config, scaling!);
    }

    private static RotarySettings ReadScaled(RotarySettings settings, ModelConfigFile config, ModelConfigFile scaling)
    {
        // Phi-3 keeps the pretraining length outside the rotary settings, and there it has priority.
        double original = config.NumberOrNull("original_max_position_embeddings")
            ?? scaling.NumberOrNull("original_max_position_embeddings")
            ?? settings.MaxPositions;
        settings = settings with
        {
            OriginalMaxPositions = original,
            Factor = scaling.NumberOrNull("factor"),
            AttentionFactor = scaling.NumberOrNull("attention_factor"),
        };
        switch (settings.Type)
        {
            case "linear":
            case "dynamic":
                return settings with { Factor = Positive(scaling, "factor") };
            case "yarn":
                return settings with
                {
                    BetaFast = NonZero(scaling, "beta_fast", 32),
                    BetaSlow = NonZero(scaling, "beta_slow", 1),
                    Mscale = scaling.Number("mscale", 0),
                    MscaleAllDim = scaling.Number("mscale_all_dim", 0),
                    Truncate = scaling.Flag("truncate", true),
                };
            case "llama3":
                return settings with
                {
                    Factor = Positive(scaling, "factor"),
                    LowFrequencyFactor = Positive(scaling, "low_freq_factor"),
                    HighFrequencyFactor = Positive(scaling, "high_freq_factor"),
                };
            case "longrope" or "su":
                return settings with
                {
                    Type = "longrope",
                    ShortFactor = Factors(scaling, "short_factor", settings.Dimensions / 2),
                    LongFactor = Factors(scaling, "long_factor", settings.Dimensions / 2),
                };
            default:
                throw scaling.Unsupported(scaling.Has("rope_type") ? "rope_type" : "type", "default, linear, dynamic, yarn, llama3, longrope");
        }
    }

    private static double Positive(ModelConfigFile section, string key)
    {
        double value = section.NumberOrNull(key) ?? throw section.Missing(key);
        return value > 0 ? value : throw section.Wrong(key, "above 0");
    }

    private static double NonZero(ModelConfigFile section, string key, double otherwise) =>
        section.NumberOrNull(key) is { } value && value != 0 ? value : otherwise;

    private static IReadOnlyList<double> Factors(ModelConfigFile section, string key, int count)
    {
        var factors = section.NumbersOrNull(key) ?? throw section.Missing(key);
        return factors.Count == count ? factors : throw section.Wrong(key, $"a list of {count} numbers, one a rotated pair");
    }
}
