using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>
/// Band keys of all records. Records that share a key in some band are candidates. Eight bytes a band and record, sorted
/// on disk beyond the budget.
/// </summary>
internal sealed class CandidateIndex : IDisposable
{
    /// <summary>In a larger bucket a record is paired with this many of the best-ranked, and as many of those just before it.</summary>
    private const int BucketLimit = 64;

    private readonly ExternalSorter<ulong>[] _bands;
    private readonly long _memoryBytes;

    public CandidateIndex(int bands, long memoryBytes)
    {
        _memoryBytes = memoryBytes;
        _bands = [.. Enumerable.Range(0, bands).Select(_ => new ExternalSorter<ulong>(memoryBytes / bands))];
    }

    /// <summary>Threads that sort.</summary>
    public int Threads { get; set; } = 1;

    /// <summary>Bytes written to temporary files.</summary>
    public long SpilledBytes => _bands.Sum(b => b.SpilledBytes);

    /// <summary>Adds a record's keys.</summary>
    public void Add(int record, ReadOnlySpan<uint> keys)
    {
        for (var band = 0; band < keys.Length; band++)
        {
            _bands[band].Add(((ulong)keys[band] << 32) | (uint)record);
        }
    }

    /// <summary>
    /// Every candidate pair once, ordered by the later rank and then the earlier.
    /// </summary>
    /// <param name="rank">A record's place in the order in which records are kept.</param>
    /// <param name="isOut">Records that take no part.</param>
    /// <param name="limitBuckets">Whether very large buckets give a linear number of pairs instead of all.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public IEnumerable<(int Later, int Earlier)> Pairs(Func<int, int> rank, Func<int, bool> isOut, bool limitBuckets, CancellationToken cancellationToken)
    {
        Parallel.ForEach(_bands, new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, Threads), CancellationToken = cancellationToken }, band => band.SortMemory());
        using var pairs = new ExternalSorter<ulong>(_memoryBytes);
        var bucket = new List<int>();
        foreach (var band in _bands)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var key = uint.MaxValue;
            foreach (var entry in band.Sorted())
            {
                var record = (int)(uint)entry;
                if ((uint)(entry >> 32) != key)
                {
                    Emit(bucket, limitBuckets, pairs);
                    bucket.Clear();
                    key = (uint)(entry >> 32);
                }

                if (!isOut(record))
                {
                    bucket.Add(rank(record));
                }
            }

            Emit(bucket, limitBuckets, pairs);
            bucket.Clear();
        }

        ulong last = 0;
        foreach (var pair in pairs.Sorted())
        {
            if (pair != last)
            {
                last = pair;
                yield return ((int)(pair >> 32), (int)(uint)pair);
            }
        }
    }

    public void Dispose()
    {
        foreach (var band in _bands)
        {
            band.Dispose();
        }
    }

    private static void Emit(List<int> bucket, bool limit, ExternalSorter<ulong> pairs)
    {
        if (bucket.Count < 2)
        {
            return;
        }

        bucket.Sort();
        for (var j = 1; j < bucket.Count; j++)
        {
            for (var i = 0; i < j; i++)
            {
                if (limit && i == BucketLimit && j > 2 * BucketLimit)
                {
                    i = j - BucketLimit;
                }

                pairs.Add(((ulong)(uint)bucket[j] << 32) | (uint)bucket[i]);
            }
        }
    }
}
