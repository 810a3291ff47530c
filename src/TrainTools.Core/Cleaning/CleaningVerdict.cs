namespace TrainTools.Core.Cleaning;

/// <summary>What a verdict does to its record.</summary>
public enum CleaningAction
{
    /// <summary>Nothing: the value is noted so that a threshold can be changed later.</summary>
    None,

    /// <summary>The record stays and is listed.</summary>
    Flag,

    /// <summary>The record stays with a repaired text.</summary>
    Repair,

    /// <summary>The record stays with the find masked.</summary>
    Mask,

    /// <summary>The record is left out.</summary>
    Remove,
}

/// <summary>What one rule found in one record.</summary>
public sealed record CleaningVerdict
{
    /// <summary>0-based number of the record in the input.</summary>
    public required long Index { get; init; }

    /// <summary>File of the record; null for records made in memory.</summary>
    public string? File { get; init; }

    /// <summary>1-based line of the record; 0 if unknown.</summary>
    public long Line { get; init; }

    /// <summary>Id of the rule.</summary>
    public required string Rule { get; init; }

    /// <summary>The value measured.</summary>
    public required double Value { get; init; }

    /// <summary>The threshold it was held against.</summary>
    public required double Threshold { get; init; }

    /// <summary>What the verdict does.</summary>
    public required CleaningAction Action { get; init; }

    /// <summary>The record it duplicates, conflicts with or leaks from; null if there is none.</summary>
    public long? EvidenceIndex { get; init; }

    /// <summary>File of that record.</summary>
    public string? EvidenceFile { get; init; }

    /// <summary>Line of that record.</summary>
    public long? EvidenceLine { get; init; }

    /// <summary>What exactly was found, in a few words.</summary>
    public string? Detail { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Action}: {Rule} = {Value:G4}, record {Index}{(Detail is null ? "" : $" ({Detail})")}");
}
