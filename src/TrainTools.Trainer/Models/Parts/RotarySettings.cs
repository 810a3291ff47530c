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

    /// <summary>Reads a config of either layout. Errors: ModelConfigInvalid, ModelSettingUnsupported.</summary>
    /// <param name="config">The model's config.</param>
    /// <param name="headDim">Size of a head.</param>
    /// <param name="maxPositions">max_position_embeddings.</param>
    /// <param name="defaults">What the family does otherwise than Llama.</param>
    public static RotarySettings Read(ModelConfigFile config, int headDim, int maxPositions, RotaryDefaults? defaults = null)
    {
        defaults ??= new RotaryDefaults();

        // rope_scaling wins where both are there, as in transformers.
        var section = config.SectionOrNull("rope_scaling") ?? config.SectionOrNull("rope_parameters");
        double theta = section?.NumberOrNull("rope_theta") ?? config.NumberOrNull(defaults.ThetaKey) ?? defaults.Theta;
        double partial = defaults.PartialKey is { } key
            ? config.NumberOrNull("partial_rotary_factor") ?? section?.NumberOrNull("partial_rotary_factor") ?? config.NumberOrNull(key) ?? defaults.Partial
            : 1;
        return Read(config, section, theta, partial, headDim, maxPositions, defaults);
    }

    /// <summary>Reads one set of rotary settings, for families with a set a layer type.</summary>
    public static RotarySettings Read(ModelConfigFile config, ModelConfigFile? section, double theta, double partial, int headDim, int maxPositions, RotaryDefaults defaults)
    {
        int dimensions = (int)(headDim * partial);
        if (theta <= 0)
        {
            throw (section ?? config).Wrong("rope_theta", "above 0");
        }

        if (dimensions < 2 || dimensions > headDim || dimensions % 2 != 0)
        {
            throw (section ?? config).Wrong(defaults.PartialKey ?? "head_dim", $"such that an even number of a head's {headDim} dimensions is rotated");
        }

        string type = section?.TextOrNull("rope_type") ?? section?.TextOrNull("type") ?? "default";
        var settings = new RotarySettings { Type = defaults.Renamed.GetValueOrDefault(type, type), Theta = theta, Dimensions = dimensions, MaxPositions = maxPositions };
        return settings.Type == "default" ? settings : ReadScaled(settings, config, section!, defaults);
    }

    private static RotarySettings ReadScaled(RotarySettings settings, ModelConfigFile config, ModelConfigFile scaling, RotaryDefaults defaults)
    {
        // Where the pretraining length stands outside the rotary settings (Phi-3), that has priority.
        double original = config.NumberOrNull("original_max_position_embeddings")
            ?? defaults.OriginalMaxPositions
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
            case "longrope":
                return settings with
                {
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

/// <summary>Where a family's rotary settings differ from Llama's.</summary>
public sealed record RotaryDefaults
{
    /// <summary>Base where the config has none.</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>Name of the base outside the rotary settings.</summary>
    public string ThetaKey { get; init; } = "rope_theta";

    /// <summary>Name of the rotated share outside the rotary settings; null = the family always rotates whole heads.</summary>
    public string? PartialKey { get; init; }

    /// <summary>Rotated share where the config has none.</summary>
    public double Partial { get; init; } = 1;

    /// <summary>Positions of pretraining where the config does not say outside the rotary settings; null = what stands inside them.</summary>
    public double? OriginalMaxPositions { get; init; }

    /// <summary>Types that mean another in this family.</summary>
    public IReadOnlyDictionary<string, string> Renamed { get; init; } = new Dictionary<string, string>();
}
