namespace TrainTools.Core.Configuration;

/// <summary>How a config is written as YAML.</summary>
public sealed record ConfigYamlOptions
{
    /// <summary>Comments that say what each setting is.</summary>
    public bool Descriptions { get; init; }

    /// <summary>Leave out what has its default value.</summary>
    public bool OmitDefaults { get; init; }

    /// <summary>Defaults that were derived; each is marked with a comment that says from what.</summary>
    public IReadOnlyList<DerivedDefault> Derived { get; init; } = [];

    /// <summary>First lines of the file, as comments.</summary>
    public string? Header { get; init; }
}
