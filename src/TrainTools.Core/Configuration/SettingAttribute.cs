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
}

/// <summary>Gives an enum member its name in YAML (the default is the member's name in snake_case).</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class SettingValueAttribute(string name) : Attribute
{
    /// <summary>The name in YAML.</summary>
    public string Name { get; } = name;
}
