using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>Records that are equal after normalisation. 24 bytes a record, on disk beyond the budget.</summary>
internal sealed class ExactDuplicateStage(long memoryBytes) : IDisposable
{
    private readonly ExternalSorter<Entry> _entries = new(memoryBytes);

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _entries.SpilledBytes;

    public void Add(int record, UInt128 key) => _entries.Add(new Entry((ulong)(key >> 64), (ulong)key, record));

    /// <summary>Reports all records of a group but the best ranked.</summary>
    public void Run(CleaningState state, Func<int, int> rank, CancellationToken cancellationToken)
    {
        var group = new List<int>();
        Entry? key = null;
        foreach (var entry in _entries.Sorted())
        {
            if (state.IsRemoved(entry.Record))
            {
                continue;
            }

            if (key is not { } current || current.High != entry.High || current.Low != entry.Low)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Report(group, state, rank);
                group.Clear();
                key = entry;
            }

            group.Add(entry.Record);
        }

        Report(group, state, rank);
    }

    public void Dispose() => _entries.Dispose();

    private static void Report(List<int> group, CleaningState state, Func<int, int> rank)
    {
        if (group.Count < 2)
        {
            return;
        }

        var kept = group.MinBy(rank);
        foreach (var record in group)
        {
            if (record != kept)
            {
                state.Add(record, CleaningRules.ExactDuplicate, 1, null, kept);
            }
        }
    }

    private readonly record struct Entry(ulong High, ulong Low, int Record) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            var order = High.CompareTo(other.High);
            order = order != 0 ? order : Low.CompareTo(other.Low);
            return order != 0 ? order : Record.CompareTo(other.Record);
        }
    }
}
