using System.Globalization;

using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Sets;

/// <summary>First and last lines that many answers share: signatures, disclaimers, page furniture. 16 bytes a line.</summary>
internal sealed class RecurringLineStage(long memoryBytes) : IDisposable
{
    private const int LeastRecords = 10;
    private readonly ExternalSorter<Entry> _entries = new(memoryBytes);

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _entries.SpilledBytes;

    public void Add(int record, (ulong First, ulong Last) lines)
    {
        if (lines.First != 0)
        {
            _entries.Add(new Entry(lines.First, record));
        }

        if (lines.Last != 0 && lines.Last != lines.First)
        {
            _entries.Add(new Entry(lines.Last, record));
        }
    }

    public void Run(CleaningState state)
    {
        var group = new List<int>();
        ulong line = 0;
        foreach (var entry in _entries.Sorted())
        {
            if (entry.Line != line)
            {
                Report(group, state);
                group.Clear();
                line = entry.Line;
            }

            group.Add(entry.Record);
        }

        Report(group, state);
    }

    public void Dispose() => _entries.Dispose();

    private static void Report(List<int> group, CleaningState state)
    {
        var share = (double)group.Count / Math.Max(1, state.Table.Count);
        if (group.Count < LeastRecords || !CleaningRules.RecurringLine.Counts(share, state.Settings.Threshold(CleaningRules.RecurringLine)))
        {
            return;
        }

        foreach (var record in group)
        {
            if (!state.IsRemoved(record))
            {
                state.Add(record, CleaningRules.RecurringLine, share, string.Create(CultureInfo.InvariantCulture, $"{group.Count} records"), group[0] == record ? group[1] : group[0]);
            }
        }
    }

    private readonly record struct Entry(ulong Line, int Record) : IComparable<Entry>
    {
        public int CompareTo(Entry other)
        {
            var order = Line.CompareTo(other.Line);
            return order != 0 ? order : Record.CompareTo(other.Record);
        }
    }
}
