using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>What the stages over the whole set found out beside their verdicts.</summary>
/// <param name="LabelNoise">Estimated share of wrong labels; null where it was not estimated.</param>
/// <param name="Classes">Names of the classes.</param>
/// <param name="Joint">Calibrated confident joint.</param>
/// <param name="Candidates">Pairs that shared a band.</param>
/// <param name="Compared">Pairs whose texts were compared.</param>
/// <param name="SpilledBytes">Bytes that went to temporary files.</param>
internal sealed record StageSummary(double? LabelNoise, IReadOnlyList<string> Classes, int[][]? Joint, long Candidates, long Compared, long SpilledBytes);

/// <summary>The checks that need all records. They run one after another; a record that one removes is out for the next.</summary>
internal sealed class CleaningStages : IDisposable
{
    private readonly CleaningOptions _options;
    private readonly ExactDuplicateStage? _exact;
    private readonly ConflictStage? _labels;
    private readonly ConflictStage? _tags;
    private readonly ConflictStage? _answers;
    private readonly PreferenceConflictStage? _preferences;
    private readonly NearDuplicateStage? _near;
    private readonly RecurringLineStage? _lines;
    private readonly LabelErrorStage? _labelErrors;

    public CleaningStages(CleaningOptions options, RuleSettings settings)
    {
        _options = options;
        var part = options.MemoryLimit / 16;
        _exact = settings.IsOn(CleaningRules.ExactDuplicate) ? new(part) : null;
        _labels = settings.IsOn(CleaningRules.ConflictLabel) ? Conflicts(CleaningRules.ConflictLabel, part) : null;
        _tags = settings.IsOn(CleaningRules.ConflictTags) ? Conflicts(CleaningRules.ConflictTags, part) : null;
        _answers = settings.AnyOn(CleaningRules.ConflictAnswer, CleaningRules.MultiAnswer) ? Conflicts(CleaningRules.ConflictAnswer, part) : null;
        _preferences = settings.AnyOn(CleaningRules.ConflictPreference, CleaningRules.ConflictCycle)
            ? new(options.Conflicts ?? ConflictPolicy.DropAll, part) : null;
        _near = settings.AnyOn(CleaningRules.NearDuplicate, CleaningRules.ConflictNear)
            ? new(options.NearDuplicates with { Threshold = settings.Threshold(CleaningRules.NearDuplicate) }, 9 * part) : null;
        _lines = settings.IsOn(CleaningRules.RecurringLine) ? new(part) : null;
        _labelErrors = settings.IsOn(CleaningRules.LabelError) ? new(options, 2 * part) : null;
    }

    /// <summary>Makes the signatures that near duplicates are found by; null where they are not looked for.</summary>
    public SignatureBuilder? Signatures => _near?.Index.Builder;

    /// <summary>Takes what the first pass found out about the next record.</summary>
    public void Add(int record, RecordAnalysis analysis)
    {
        var keys = analysis.Keys;
        _exact?.Add(record, keys.Whole);
        _lines?.Add(record, analysis.Lines);
        _near?.Index.Add(analysis.Signature!.Value);
        switch (analysis.Record.Shape)
        {
            case RecordShape.Classification:
                _labels?.Add(record, keys.Input, keys.Outcome);
                if (analysis.Record.Label is { } label)
                {
                    _labelErrors?.Add(record, label, analysis.Features);
                }

                break;
            case RecordShape.TokenClassification:
                _tags?.Add(record, keys.Input, keys.Outcome);
                break;
            case RecordShape.Preference:
                _preferences?.Add(record, analysis.Preference.Prompt, analysis.Preference.Chosen, analysis.Preference.Rejected);
                break;
            case RecordShape.Text:
                break;
            default:
                _answers?.Add(record, keys.Input, keys.Outcome);
                break;
        }
    }

    /// <summary>Runs the checks.</summary>
    public void Run(CleaningState state, int[]? order, int threads, Action<string> onStage, CancellationToken cancellationToken)
    {
        onStage("Looking for conflicts");
        _labels?.Run(state, cancellationToken);
        _tags?.Run(state, cancellationToken);
        _answers?.Run(state, cancellationToken);
        _preferences?.Run(state, cancellationToken);
        onStage("Looking for duplicates");
        var rank = Inverse(order);
        _exact?.Run(state, record => rank is null ? record : rank[record], cancellationToken);
        onStage("Looking for near duplicates");
        _near?.Run(state, order, threads, cancellationToken);
        onStage("Looking at lengths and endings");
        LengthStage.Run(state);
        CutOffStage.Run(state);
        _lines?.Run(state);
        onStage("Looking for label errors");
        _labelErrors?.Run(state, threads, cancellationToken);
    }

    public StageSummary Summary() => new(
        _labelErrors?.NoiseRate,
        _labelErrors?.Classes ?? [],
        _labelErrors?.Joint,
        _near?.Index.Candidates ?? 0,
        _near?.Index.Compared ?? 0,
        (_exact?.SpilledBytes ?? 0) + (_labels?.SpilledBytes ?? 0) + (_tags?.SpilledBytes ?? 0) + (_answers?.SpilledBytes ?? 0)
        + (_preferences?.SpilledBytes ?? 0) + (_near?.Index.SpilledBytes ?? 0) + (_lines?.SpilledBytes ?? 0) + (_labelErrors?.SpilledBytes ?? 0));

    public void Dispose()
    {
        _exact?.Dispose();
        _labels?.Dispose();
        _tags?.Dispose();
        _answers?.Dispose();
        _preferences?.Dispose();
        _near?.Dispose();
        _lines?.Dispose();
        _labelErrors?.Dispose();
    }

    private ConflictStage Conflicts(CleaningRule rule, long memoryBytes) => new(rule, _options.Conflicts ?? ConflictPolicy.Majority, memoryBytes);

    private static int[]? Inverse(int[]? order)
    {
        if (order is null)
        {
            return null;
        }

        var rank = new int[order.Length];
        for (var i = 0; i < order.Length; i++)
        {
            rank[order[i]] = i;
        }

        return rank;
    }
}
