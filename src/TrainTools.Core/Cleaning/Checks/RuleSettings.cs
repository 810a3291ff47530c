namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Action and threshold of every rule as a run uses them.</summary>
internal sealed class RuleSettings
{
    private readonly CleaningAction[] _actions = new CleaningAction[CleaningRules.All.Count];
    private readonly double[] _thresholds = new double[CleaningRules.All.Count];
    private readonly bool[] _on = new bool[CleaningRules.All.Count];

    public RuleSettings(CleaningOptions options)
    {
        foreach (var rule in CleaningRules.All)
        {
            _thresholds[rule.Number] = options.Threshold(rule);
            _actions[rule.Number] = options.Action(rule);
            _on[rule.Number] = options.IsOn(rule);
        }
    }

    /// <summary>Whether the rule is looked at.</summary>
    public bool IsOn(CleaningRule rule) => _on[rule.Number];

    /// <summary>Whether any of the rules is looked at.</summary>
    public bool AnyOn(params ReadOnlySpan<CleaningRule> rules)
    {
        foreach (var rule in rules)
        {
            if (IsOn(rule))
            {
                return true;
            }
        }

        return false;
    }

    public double Threshold(CleaningRule rule) => _thresholds[rule.Number];

    public CleaningAction Action(CleaningRule rule) => _actions[rule.Number];

    /// <summary>What a value leads to.</summary>
    public CleaningAction Decide(CleaningRule rule, double value) =>
        rule.Counts(value, _thresholds[rule.Number]) ? _actions[rule.Number] : CleaningAction.None;
}
