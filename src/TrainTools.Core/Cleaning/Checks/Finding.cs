using TrainTools.Core.Cleaning.Records;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>What a rule measured in a record, before the policy.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Value">The value.</param>
/// <param name="Detail">What exactly was found; null if the value says it all.</param>
/// <param name="Action">What follows.</param>
/// <param name="Evidence">Number of the record it refers to; -1 if there is none.</param>
internal readonly record struct Finding(CleaningRule Rule, double Value, string? Detail, CleaningAction Action, int Evidence = -1);

/// <summary>Takes what the checks of one record find.</summary>
internal sealed class FindingSink(RuleSettings settings)
{
    private List<Finding>? _findings;

    /// <summary>Whether a rule has found something.</summary>
    public bool IsFound(CleaningRule rule) => _findings?.Exists(f => f.Rule == rule) ?? false;

    /// <summary>The findings.</summary>
    public Finding[] Take() => _findings?.ToArray() ?? [];

    /// <summary>Settings of the rules.</summary>
    public RuleSettings Settings { get; } = settings;

    /// <summary>Adds a value if the rule is on and the value counts.</summary>
    public void Add(CleaningRule rule, double value, string? detail = null)
    {
        if (Settings.IsOn(rule) && rule.Counts(value, Settings.Threshold(rule)))
        {
            (_findings ??= []).Add(new Finding(rule, value, detail, Settings.Action(rule)));
        }
    }
}

/// <summary>Looks at one record by itself. Safe to use from several threads.</summary>
internal interface IRecordCheck
{
    void Check(RecordView view, FindingSink sink);
}
