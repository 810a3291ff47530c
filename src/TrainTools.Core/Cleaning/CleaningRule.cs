namespace TrainTools.Core.Cleaning;

/// <summary>On which side of its threshold a value counts.</summary>
public enum RuleDirection
{
    /// <summary>At or above it.</summary>
    AtLeast,

    /// <summary>Above it.</summary>
    Above,

    /// <summary>Below it.</summary>
    Below,
}

/// <summary>One rule of the catalogue.</summary>
/// <param name="Id">Stable id, group.name.</param>
/// <param name="Direction">Which values count.</param>
/// <param name="Threshold">Default threshold.</param>
/// <param name="Description">What it finds, and what its value is.</param>
/// <param name="Actions">Default action in each profile, in the order of <see cref="CleaningProfile"/>.</param>
public sealed record CleaningRule(string Id, RuleDirection Direction, double Threshold, string Description, IReadOnlyList<CleaningAction> Actions)
{
    /// <summary>The part of the id before the dot: the check that the rule belongs to.</summary>
    public string Check => Id[..Id.IndexOf('.', StringComparison.Ordinal)];

    /// <summary>Place in the catalogue.</summary>
    internal int Number { get; set; }

    /// <summary>Whether a value counts against a threshold.</summary>
    public bool Counts(double value, double threshold) => Direction switch
    {
        RuleDirection.AtLeast => value >= threshold,
        RuleDirection.Above => value > threshold,
        _ => value < threshold,
    };
}
