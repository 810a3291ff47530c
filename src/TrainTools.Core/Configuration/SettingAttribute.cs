namespace TrainTools.Core.Configuration;

/// <summary>
/// Gives a config property its name in YAML. Names are unique over the whole tree, so that a setting can be given
/// under its section or at the top level, and by <c>-Set name=value</c>.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingAttribute(string name) : Attribute
{
    /// <summary>The field's standard name in snake_case.</summary>
    public string Name { get; } = name;

    /// <summary>Unit or range, for documentation and the JSON schema ("steps", "tokens", "0..1"); null if none.</summary>
    public string? Unit { get; init; }

    /// <summary>Least value that makes sense at all; NaN = no bound. What is wise is the rules' business.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Greatest value that makes sense at all; NaN = no bound.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Whether <see cref="Minimum"/> itself is already too small.</summary>
    public bool MinimumExclusive { get; init; }

    /// <summary>Whether <see cref="Maximum"/> itself is already too large.</summary>
    public bool MaximumExclusive { get; init; }

    /// <summary>Whether the value names files or folders; relative ones are taken from the file they stand in.</summary>
    public bool IsPath { get; init; }

    /// <summary>Whether an unset value is filled in by the resolver (from the method, the model, the data or the device).</summary>
    public bool IsDerived { get; init; }

    /// <summary>Whether a list holds name=value entries, which YAML may give as a mapping too.</summary>
    public bool IsMap { get; init; }

    /// <summary>The values a string can have; empty = any.</summary>
    public string[] Values { get; init; } = [];
}

/// <summary>Gives an enum member its name in YAML (the default is the member's name in snake_case).</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class SettingValueAttribute(string name) : Attribute
{
    /// <summary>The name in YAML.</summary>
    public string Name { get; } = name;
}
