namespace TrainTools.Core.Configuration;

/// <summary>How much a finding matters.</summary>
public enum FindingSeverity
{
    /// <summary>Worth knowing.</summary>
    Info,

    /// <summary>Likely to harm the run.</summary>
    Warning,

    /// <summary>The run cannot do what it is meant to.</summary>
    Error,
}

/// <summary>A change to a config.</summary>
/// <param name="Setting">YAML name.</param>
/// <param name="Value">The new value, of the setting's type; null = unset.</param>
public sealed record SettingChange(string Setting, object? Value)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Setting}={ConfigSchema.Get(Setting).Format(Value)}";
}

/// <summary>One result of a check.</summary>
public sealed record ConfigFinding
{
    /// <summary>Stable id of the rule.</summary>
    public required string RuleId { get; init; }

    /// <summary>How much it matters.</summary>
    public required FindingSeverity Severity { get; init; }

    /// <summary>YAML name of the setting concerned.</summary>
    public required string Setting { get; init; }

    /// <summary>Its value as it is written in YAML; null if unset.</summary>
    public string? Value { get; init; }

    /// <summary>What was expected.</summary>
    public string? Expected { get; init; }

    /// <summary>Why it matters, with the figures of this config.</summary>
    public required string Why { get; init; }

    /// <summary>What to do.</summary>
    public string? Remedy { get; init; }

    /// <summary>The remedy as changes of settings; empty where it is not a matter of settings.</summary>
    public IReadOnlyList<SettingChange> Changes { get; init; } = [];

    /// <summary>Where the rule comes from.</summary>
    public string? Source { get; init; }

    /// <summary>What was seen: figures, row numbers, texts; empty if the value says it all.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>Id of the error (<see cref="Errors.ErrorIds"/>) that a run would end with at once; null where it would not, or no id is nearer than ConfigRejected.</summary>
    public string? ErrorId { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Severity}: {RuleId}: {Setting} = {Value ?? "(unset)"}: {Why}{(Remedy is null ? string.Empty : " " + Remedy)}";
}
