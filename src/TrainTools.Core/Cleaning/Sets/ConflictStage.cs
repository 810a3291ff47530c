using System.Globalization;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>
/// Records with the same input and another outcome. Labels, tags, final answers and very short answers contradict each
/// other; longer free answers to one prompt are told apart from that and only noted. 24 bytes a record, on disk beyond the budget.
/// </summary>
internal sealed class ConflictStage(CleaningRule rule, ConflictPolicy policy, long memoryBytes) : IDisposable
{
    private const double MajorityShare = 2 / 3.0;
    private const int MajorityMargin = 2;
    private readonly ExternalSorter<Entry> _entries = new(memoryBytes);

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _entries.SpilledBytes;

    public void Add(int record, ulong input, ulong outcome) => _entries.Add(new Entry(input, outcome, record));

    public void Run(CleaningState state, CancellationToken cancellationToken)
    {
        var group = new List<Entry>();
        foreach (var entry in _entries.Sorted())
        {
            if (state.IsRemoved(entry.Record))
            {
                continue;
            }

            if (group.Count > 0 && group[0].Input != entry.Input)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Report(group, state);
                group.Clear();
            }

            group.Add(entry);
        }

        Report(group, state);
    }

    public void Dispose() => _entries.Dispose();

    private void Report(List<Entry> group, CleaningState state)
    {
        if (group.Count < 2)
        {
            return;
        }

        var outcomes = group.GroupBy(e => e.Outcome)
            .Select(g => (Outcome: g.Key, Records: g.Select(e => e.Record).Order().ToList()))
            .OrderByDescending(o => o.Records.Count).ThenBy(o => o.Records[0])
            .ToList();
        if (outcomes.Count < 2)
        {
            return;
        }

        if (!group.TrueForAll(e => state.Table.IsClosed(e.Record)))
        {
            foreach (var (_, records) in outcomes)
            {
                foreach (var record in records)
                {
                    state.Add(record, CleaningRules.MultiAnswer, outcomes.Count - 1, "open-ended answers to one prompt", Other(outcomes, records));
                }
            }

            return;
        }

        var winner = Winner(outcomes, group.Count);
        foreach (var (outcome, records) in outcomes)
        {
            if (outcome == winner)
            {
                continue;
            }

            var share = (double)records.Count / group.Count;
            var detail = string.Create(CultureInfo.InvariantCulture, $"{records.Count} of {group.Count} records with this input");
            var removed = winner is not null || policy == ConflictPolicy.DropAll;
            var action = removed ? state.Settings.Decide(rule, share) : CleaningAction.Flag;
            foreach (var record in records)
            {
                if (state.Settings.IsOn(rule))
                {
                    state.Add(record, new Finding(rule, share, detail, action, Other(outcomes, records)));
                }
            }
        }
    }

    /// <summary>The outcome that stays; null if none does or all are flagged.</summary>
    private ulong? Winner(List<(ulong Outcome, List<int> Records)> outcomes, int total) => policy switch
    {
        ConflictPolicy.Majority when outcomes[0].Records.Count >= MajorityShare * total
            && outcomes[0].Records.Count - outcomes[1].Records.Count >= MajorityMargin => outcomes[0].Outcome,
        ConflictPolicy.First => outcomes.MinBy(o => o.Records[0]).Outcome,
        _ => null,
    };

    /// <summary>The first record with another outcome.</summary>
    private static int Other(List<(ulong Outcome, List<int> Records)> outcomes, List<int> records) =>
        outcomes.Find(o => o.Records != records).Records[0];

    private readonly record struct Entry(ulong Input, ulong Outcome, int Record) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            var order = Input.CompareTo(other.Input);
            return order != 0 ? order : Record.CompareTo(other.Record);
        }
    }
}
