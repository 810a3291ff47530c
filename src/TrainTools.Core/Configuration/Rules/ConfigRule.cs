namespace TrainTools.Core.Configuration;

/// <summary>One rule: a small test with what a reader must know about it.</summary>
public sealed class ConfigRule
{
    /// <summary>Stable id, PascalCase.</summary>
    public required string Id { get; init; }

    /// <summary>What it finds, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The settings it reads; the first is the one it reports by default.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>Where it comes from.</summary>
    public required string Source { get; init; }

    /// <summary>When it speaks and how loud, for the documentation ("Warning above the range, Info below").</summary>
    public required string Levels { get; init; }

    /// <summary>Why it matters, for the documentation and, where a finding has no words of its own, for the finding.</summary>
    public required string Why { get; init; }

    /// <summary>Whether it reads records and needs the tokenizer.</summary>
    public bool ReadsData { get; init; }

    /// <summary>The test.</summary>
    public required Func<RuleContext, IEnumerable<ConfigFinding>> Test { get; init; }

    /// <summary>Runs the rule.</summary>
    internal IEnumerable<ConfigFinding> Check(RuleContext context) =>
        Test(context).Select(f => Complete(f, context));

    private ConfigFinding Complete(ConfigFinding finding, RuleContext context)
    {
        var name = finding.Setting.Length == 0 ? Settings[0] : finding.Setting;
        var setting = ConfigSchema.Get(name);
        var value = setting.Get(context.Config);
        // What already is as the remedy wants it need not be set.
        var needed = finding.Changes.Where(c => !Equals(ConfigSchema.Get(c.Setting).Get(context.Given), c.Value)).ToList();
        var changes = needed.Count == 0 ? null : $"Set {string.Join(", ", needed)}.";
        return finding with
        {
            Changes = needed,
            RuleId = Id,
            Setting = name,
            Value = finding.Value ?? (value is null ? null : setting.Format(value)),
            Source = finding.Source ?? Source,
            Why = finding.Why.Length == 0 ? Why : finding.Why,
            Remedy = changes is null ? finding.Remedy : finding.Remedy is null ? changes : $"{changes} {finding.Remedy}",
        };
    }
}
