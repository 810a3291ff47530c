namespace TrainTools.Core.Configuration;

/// <summary>How a config is checked.</summary>
public sealed record ConfigCheckOptions
{
    /// <summary>Ids of the rules to run, with * and ? as wildcards; empty = all.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Ids of the rules to leave out, with wildcards.</summary>
    public IReadOnlyList<string> ExcludeRules { get; init; } = [];

    /// <summary>What is known of model, data and device; null = what the config's paths show.</summary>
    public ConfigFacts? Facts { get; init; }

    /// <summary>Whether records are read, and the rules that look at them run.</summary>
    public bool ReadData { get; init; } = true;
}
