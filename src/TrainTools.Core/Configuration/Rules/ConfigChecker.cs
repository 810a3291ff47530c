using System.IO.Enumeration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>Runs the rules over a config.</summary>
public static class ConfigChecker
{
    /// <summary>Checks a config.</summary>
    /// <returns>The findings, the gravest first, within a severity in the order of the rules.</returns>
    /// <exception cref="TrainToolsException">ConfigRuleUnknown, where a named rule does not exist.</exception>
    public static IReadOnlyList<ConfigFinding> Check(TrainingConfig config, ConfigCheckOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        options ??= new ConfigCheckOptions();
        var rules = Select(options);
        var context = new RuleContext(config, options.Facts ?? ConfigFacts.Gather(config, options.ReadData));
        return [.. rules.SelectMany(r => r.Check(context)).OrderByDescending(f => f.Severity)];
    }

    /// <summary>Whether a config has no Error.</summary>
    public static bool IsUsable(IEnumerable<ConfigFinding> findings) => findings.All(f => f.Severity != FindingSeverity.Error);

    /// <summary>A config with the remedies of Warnings and Errors applied, and the findings whose remedies were.</summary>
    /// <remarks>Where two remedies want different values for a setting, the graver finding's counts (the first of equals).</remarks>
    public static (TrainingConfig Config, IReadOnlyList<ConfigFinding> Applied) Fix(TrainingConfig config, IEnumerable<ConfigFinding> findings)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(findings);
        var applied = new List<ConfigFinding>();
        var changed = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var finding in findings.Where(f => f.Severity >= FindingSeverity.Warning && f.Changes.Count > 0).OrderByDescending(f => f.Severity))
        {
            if (finding.Changes.Any(c => changed.TryGetValue(c.Setting, out var value) && !Equals(value, c.Value)))
            {
                continue;
            }

            if (finding.Changes.All(c => Equals(ConfigSchema.Get(c.Setting).Get(config), c.Value)))
            {
                continue;
            }

            foreach (var change in finding.Changes)
            {
                config = ConfigSchema.Get(change.Setting).With(config, change.Value);
                changed[change.Setting] = change.Value;
            }

            applied.Add(finding);
        }

        return (config, applied);
    }

    /// <summary>Applies remedies and checks again until nothing more can be applied: one remedy can call for another.</summary>
    public static FixedConfig FixAll(TrainingConfig config, ConfigCheckOptions? options = null)
    {
        const int Rounds = 5;
        options = (options ?? new ConfigCheckOptions()) with { Facts = options?.Facts ?? ConfigFacts.Gather(config, options?.ReadData ?? true) };
        var applied = new List<ConfigFinding>();
        var findings = Check(config, options);
        for (var round = 0; round < Rounds; round++)
        {
            var (mended, now) = Fix(config, findings);
            if (now.Count == 0)
            {
                break;
            }

            config = mended;
            applied.AddRange(now);
            findings = Check(config, options);
        }

        return new FixedConfig(config, applied, findings);
    }

    private static List<ConfigRule> Select(ConfigCheckOptions options)
    {
        foreach (var pattern in options.Rules.Concat(options.ExcludeRules))
        {
            if (!ConfigRules.All.Any(r => Matches(pattern, r)))
            {
                throw new TrainToolsException(ErrorIds.ConfigRuleUnknown, ErrorKind.InvalidArgument, $"There is no rule '{pattern}'.",
                    NearestName.Find(pattern, ConfigRules.All.Select(r => r.Id)) is { } nearest ? $"Did you mean {nearest}?" : "docs/rules.md lists the rules.", pattern);
            }
        }

        return [.. ConfigRules.All.Where(r => (options.Rules.Count == 0 || options.Rules.Any(p => Matches(p, r)))
            && !options.ExcludeRules.Any(p => Matches(p, r)) && (options.ReadData || !r.ReadsData))];
    }

    private static bool Matches(string pattern, ConfigRule rule) => FileSystemName.MatchesSimpleExpression(pattern, rule.Id, ignoreCase: true);
}

/// <summary>A config after its remedies.</summary>
/// <param name="Config">The config.</param>
/// <param name="Applied">The findings whose remedies were applied.</param>
/// <param name="Remaining">What the rules still find.</param>
public sealed record FixedConfig(TrainingConfig Config, IReadOnlyList<ConfigFinding> Applied, IReadOnlyList<ConfigFinding> Remaining);
