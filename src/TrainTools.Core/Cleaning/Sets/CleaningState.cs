using System.Collections;

using TrainTools.Core.Cleaning.Checks;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>What a run knows so far: the table of records, the findings, and which records are out.</summary>
internal sealed class CleaningState(CleaningOptions options, RuleSettings settings)
{
    private readonly List<(int Record, Finding Finding)> _findings = [];
    private BitArray _removed = new(1024);

    public CleaningOptions Options { get; } = options;

    public RuleSettings Settings { get; } = settings;

    public RecordTable Table { get; } = new();

    /// <summary>The words of the set; null where they were not collected.</summary>
    public WordPresence? Words { get; set; }

    /// <summary>Findings in the order in which they were made.</summary>
    public IReadOnlyList<(int Record, Finding Finding)> Findings => _findings;

    /// <summary>Whether a record is out by what was found so far.</summary>
    public bool IsRemoved(int record) => record < _removed.Length && _removed[record];

    /// <summary>Adds a finding with the action that its value leads to.</summary>
    public void Add(int record, CleaningRule rule, double value, string? detail = null, int evidence = -1)
    {
        if (Settings.IsOn(rule))
        {
            Add(record, new Finding(rule, value, detail, Settings.Decide(rule, value), evidence));
        }
    }

    /// <summary>Adds a finding whose action is decided.</summary>
    public void Add(int record, Finding finding)
    {
        _findings.Add((record, finding));
        if (finding.Action == CleaningAction.Remove)
        {
            if (record >= _removed.Length)
            {
                _removed.Length = Math.Max(record + 1, 2 * _removed.Length);
            }

            _removed[record] = true;
        }
    }
}
