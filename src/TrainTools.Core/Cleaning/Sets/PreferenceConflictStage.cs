using System.Globalization;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Preferences that contradict each other: A over B and B over A, or a circle of more answers. 32 bytes a record.</summary>
internal sealed class PreferenceConflictStage(ConflictPolicy policy, long memoryBytes) : IDisposable
{
    private readonly ExternalSorter<Entry> _entries = new(memoryBytes);

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _entries.SpilledBytes;

    public void Add(int record, ulong prompt, ulong chosen, ulong rejected) => _entries.Add(new Entry(prompt, chosen, rejected, record));

    public void Run(CleaningState state, CancellationToken cancellationToken)
    {
        var group = new List<Entry>();
        foreach (var entry in _entries.Sorted())
        {
            if (state.IsRemoved(entry.Record) || entry.Chosen == entry.Rejected)
            {
                continue;
            }

            if (group.Count > 0 && group[0].Prompt != entry.Prompt)
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

        var component = StrongComponents.Of(group.Select(e => (e.Chosen, e.Rejected)));
        foreach (var entry in group)
        {
            if (component[entry.Chosen] != component[entry.Rejected])
            {
                continue;
            }

            var same = group.Where(e => e.Chosen == entry.Chosen && e.Rejected == entry.Rejected).ToList();
            var against = group.Where(e => e.Chosen == entry.Rejected && e.Rejected == entry.Chosen).ToList();
            if (against.Count > 0)
            {
                Add(state, entry, CleaningRules.ConflictPreference, against.Count, Loses(same, against), against[0].Record, string.Create(
                    CultureInfo.InvariantCulture, $"{same.Count} for, {against.Count} against"));
            }
            else
            {
                var circle = group.Where(e => component[e.Chosen] == component[entry.Chosen] && component[e.Rejected] == component[entry.Chosen]).ToList();
                var size = circle.SelectMany(e => new[] { e.Chosen, e.Rejected }).Distinct().Count();
                var loses = policy is ConflictPolicy.DropAll || (policy == ConflictPolicy.First && entry.Record != circle.Min(e => e.Record));
                Add(state, entry, CleaningRules.ConflictCycle, size, loses, circle.First(e => e.Record != entry.Record).Record, null);
            }
        }
    }

    private static void Add(CleaningState state, Entry entry, CleaningRule rule, double value, bool? loses, int evidence, string? detail)
    {
        if (!state.Settings.IsOn(rule) || loses is null)
        {
            return;
        }

        var action = loses.Value ? state.Settings.Decide(rule, value) : CleaningAction.Flag;
        state.Add(entry.Record, new Finding(rule, value, detail, action, evidence));
    }

    /// <summary>Whether a side goes; null if it stays without a word.</summary>
    private bool? Loses(List<Entry> same, List<Entry> against)
    {
        var total = same.Count + against.Count;
        return policy switch
        {
            ConflictPolicy.DropAll => true,
            ConflictPolicy.First => same.Min(e => e.Record) < against.Min(e => e.Record) ? null : true,
            ConflictPolicy.Majority when against.Count - same.Count >= 2 && against.Count * 3 >= total * 2 => true,
            ConflictPolicy.Majority when same.Count - against.Count >= 2 && same.Count * 3 >= total * 2 => null,
            _ => false,
        };
    }

    private readonly record struct Entry(ulong Prompt, ulong Chosen, ulong Rejected, int Record) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            var order = Prompt.CompareTo(other.Prompt);
            return order != 0 ? order : Record.CompareTo(other.Record);
        }
    }
}
