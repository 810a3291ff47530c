using System.Numerics;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Samples;

/// <summary>
/// Puts several samples into one row, as TRL's pack_dataset does: in groups of 1,000 samples, so rows never span groups.
/// </summary>
public static class SamplePacker
{
    /// <summary>Samples that are packed together.</summary>
    public const int GroupSize = 1000;

    /// <summary>Packs samples, in order, group by group.</summary>
    /// <param name="samples">The samples; each one document.</param>
    /// <param name="maxLength">Longest row in tokens.</param>
    /// <param name="strategy">How.</param>
    public static IEnumerable<TrainingSample> Pack(IEnumerable<TrainingSample> samples, int maxLength, PackingStrategy strategy)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 1);
        foreach (var group in samples.Chunk(GroupSize))
        {
            var rows = strategy == PackingStrategy.Wrapped ? Wrap(group, maxLength) : BestFit(group, maxLength, strategy == PackingStrategy.BfdSplit);
            foreach (var row in rows)
            {
                yield return row;
            }
        }
    }

    /// <summary>
    /// Best fit, longest first: each document goes to the row with the least space that still takes it (the one that has
    /// waited longest among equals), else to a new row. Rows come out in the order they were opened.
    /// </summary>
    private static IEnumerable<TrainingSample> BestFit(TrainingSample[] group, int maxLength, bool split)
    {
        var documents = new List<TrainingSample>();
        foreach (var sample in group)
        {
            if (!split)
            {
                documents.Add(sample.Truncate(maxLength));
                continue;
            }

            for (var start = 0; start < sample.Length; start += maxLength)
            {
                var end = Math.Min(sample.Length, start + maxLength);
                documents.Add(sample with { InputIds = sample.InputIds[start..end], Labels = sample.Labels[start..end] });
            }
        }

        documents.RemoveAll(d => d.Length == 0);
        var rows = new List<List<TrainingSample>>();
        var bySpace = new Queue<int>?[maxLength + 1];
        var spaces = new SpaceSet(maxLength);
        foreach (var document in documents.OrderByDescending(d => d.Length))
        {
            var space = spaces.SmallestAtLeast(document.Length);
            int row;
            if (space < 0)
            {
                space = maxLength;
                row = rows.Count;
                rows.Add([]);
            }
            else
            {
                row = bySpace[space]!.Dequeue();
                if (bySpace[space]!.Count == 0)
                {
                    spaces.Remove(space);
                }
            }

            rows[row].Add(document);
            space -= document.Length;
            if (space > 0)
            {
                (bySpace[space] ??= new Queue<int>()).Enqueue(row);
                spaces.Add(space);
            }
        }

        return rows.Select(Join);
    }

    private static TrainingSample Join(List<TrainingSample> documents) => new()
    {
        InputIds = [.. documents.SelectMany(d => d.InputIds)],
        Labels = [.. documents.SelectMany(d => d.Labels)],
        DocumentLengths = [.. documents.Select(d => d.Length)],
        RecordIndexes = [.. documents.SelectMany(d => d.RecordIndexes)],
        Difficulty = Mean(documents),
    };

    private static double? Mean(List<TrainingSample> documents) => documents.TrueForAll(d => d.Difficulty is not null) ? documents.Average(d => d.Difficulty) : null;

    /// <summary>Everything in one string of tokens, cut every so many; the last row may be shorter.</summary>
    private static IEnumerable<TrainingSample> Wrap(TrainingSample[] group, int maxLength)
    {
        var ids = new List<int>(maxLength);
        var labels = new List<int>(maxLength);
        var records = new List<long>();
        var pieces = new List<TrainingSample>();
        foreach (var sample in group)
        {
            for (var start = 0; start < sample.Length;)
            {
                var take = Math.Min(maxLength - ids.Count, sample.Length - start);
                ids.AddRange(sample.InputIds.AsSpan(start, take));
                labels.AddRange(sample.Labels.AsSpan(start, take));
                records.AddRange(sample.RecordIndexes);
                pieces.Add(sample);
                start += take;
                if (ids.Count == maxLength)
                {
                    yield return Row();
                }
            }
        }

        if (ids.Count > 0)
        {
            yield return Row();
        }

        TrainingSample Row()
        {
            var row = new TrainingSample { InputIds = [.. ids], Labels = [.. labels], RecordIndexes = [.. records], Difficulty = Mean(pieces) };
            ids.Clear();
            labels.Clear();
            records.Clear();
            pieces.Clear();
            return row;
        }
    }

    /// <summary>A set of small numbers that finds the smallest member from a number on, 64 at a time.</summary>
    private sealed class SpaceSet(int largest)
    {
        private readonly ulong[] words = new ulong[(largest / 64) + 1];

        public void Add(int value) => words[value >> 6] |= 1UL << (value & 63);

        public void Remove(int value) => words[value >> 6] &= ~(1UL << (value & 63));

        public int SmallestAtLeast(int value)
        {
            var word = value >> 6;
            var bits = words[word] & (ulong.MaxValue << (value & 63));
            while (bits == 0)
            {
                if (++word == words.Length)
                {
                    return -1;
                }

                bits = words[word];
            }

            return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }
    }
}
