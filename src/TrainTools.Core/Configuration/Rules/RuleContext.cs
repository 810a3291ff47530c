using TrainTools.Core.Errors;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Configuration;

/// <summary>What a rule sees.</summary>
public sealed class RuleContext
{
    private readonly Lazy<(LabelSet? Set, TrainToolsException? Problem)> labels;
    private RunForecast? forecast;

    /// <summary>The context of a config.</summary>
    public RuleContext(TrainingConfig given, ConfigFacts facts)
    {
        Given = given;
        Facts = facts;
        var resolved = ConfigResolver.Resolve(given, facts);
        Config = resolved.Config;
        Derived = resolved.Derived;
        Practice = new TuningPractice(Config, facts.Model?.ParameterCount);
        Outline = RunOutline.Create(Config, facts.Data);
        labels = new(FindLabels);
    }

    /// <summary>The config as the user gave it.</summary>
    public TrainingConfig Given { get; }

    /// <summary>The same with everything filled in that can be.</summary>
    public TrainingConfig Config { get; }

    /// <summary>What was filled in.</summary>
    public IReadOnlyList<DerivedDefault> Derived { get; }

    /// <summary>Model, data, device.</summary>
    public ConfigFacts Facts { get; }

    /// <summary>The ranges for this method, task and size.</summary>
    public TuningPractice Practice { get; }

    /// <summary>Rows, steps and tokens; null where the records could not be counted.</summary>
    public RunOutline? Outline { get; }

    /// <summary>What the run will need; made when it is first asked for.</summary>
    public RunForecast? Forecast => forecast ??= RunForecaster.CreateResolved(Config, Facts);

    /// <summary>The labels that a run would learn, as far as the records that were read show them; null where the task has none, nothing was read, or <see cref="LabelProblem"/> says why not.</summary>
    public LabelSet? Labels => labels.Value.Set;

    /// <summary>Why the labels of the records that were read make no task; null where they do.</summary>
    public TrainToolsException? LabelProblem => labels.Value.Problem;

    /// <summary>Whether <see cref="Labels"/> are those of the run: all records were read.</summary>
    public bool LabelsAreCertain => Labels is not null && Facts.Sample!.IsComplete;

    /// <summary>The model's size for a sentence (" of 7.2 B parameters"); empty if not known.</summary>
    public string ModelSize => Facts.Model?.ParameterCount is null ? string.Empty : $" of {Facts.Model.DescribeSize()} parameters";

    /// <summary>Whether the user set a setting to something else than its default.</summary>
    public bool IsGiven(string setting) => ConfigSchema.Get(setting).IsSet(Given);

    /// <summary>Whether the resolver filled a setting in.</summary>
    public bool IsDerived(string setting) => Derived.Any(d => d.Setting == setting);

    /// <summary>No finding.</summary>
    public static IEnumerable<ConfigFinding> None => [];

    /// <summary>A finding; what it leaves open is filled in from the rule.</summary>
    /// <param name="severity">Severity.</param>
    /// <param name="why">Why, with figures; empty = the rule's own words.</param>
    /// <param name="expected">What was expected.</param>
    /// <param name="set">The remedy as settings.</param>
    /// <param name="remedy">More on the remedy, or all of it where it is not a matter of settings.</param>
    /// <param name="setting">The setting, where it is not the rule's first.</param>
    /// <param name="evidence">What was seen.</param>
    /// <param name="source">The source, where it is not the rule's.</param>
    /// <param name="errorId">The error that a run would end with.</param>
    public static IEnumerable<ConfigFinding> Found(FindingSeverity severity, string why = "", string? expected = null, (string Setting, object? Value)[]? set = null, string? remedy = null, string setting = "", IReadOnlyList<string>? evidence = null, string? source = null, string? errorId = null) =>
    [
        new ConfigFinding
        {
            RuleId = string.Empty,
            Severity = severity,
            Setting = setting,
            Why = why,
            Expected = expected,
            Remedy = remedy,
            Changes = set is null ? [] : [.. set.Select(s => new SettingChange(s.Setting, s.Value))],
            Evidence = evidence ?? [],
            Source = source,
            ErrorId = errorId,
        },
    ];

    private (LabelSet? Set, TrainToolsException? Problem) FindLabels()
    {
        if (!Practice.IsClassifier || Facts.Sample is not { Records.Count: > 0 } sample)
        {
            return (null, null);
        }

        try
        {
            return (LabelDiscovery.Find(Config, sample.Records), null);
        }
        catch (TrainToolsException e)
        {
            return (null, e);
        }
    }
}
