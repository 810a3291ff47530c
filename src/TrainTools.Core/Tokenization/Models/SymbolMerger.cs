namespace TrainTools.Core.Tokenization.Models;

/// <summary>
/// Applies merge rules to a word's symbols: always the rule of the lowest rank, the leftmost place first, until none
/// applies. Reusable; not for two threads at once.
/// </summary>
internal sealed class SymbolMerger
{
    /// <summary>Up to this many symbols a plain scan for the lowest rank beats a heap.</summary>
    private const int ScanLimit = 48;

    private int[] _ids = new int[64];
    private int[] _lengths = new int[64];
    private int[] _ranks = new int[64];
    private int[] _results = new int[64];
    private int[] _previous = [];
    private int[] _next = [];
    private readonly PriorityQueue<(int Position, int Result), long> _queue = new();

    /// <summary>Number of symbols.</summary>
    public int Count { get; private set; }

    /// <summary>Ids of the symbols.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Length of each symbol, in whatever unit it was added with.</summary>
    public ReadOnlySpan<int> Lengths => _lengths.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Adds a symbol at the end.</summary>
    public void Add(int id, int length)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
            Array.Resize(ref _lengths, Count * 2);
            Array.Resize(ref _ranks, Count * 2);
            Array.Resize(ref _results, Count * 2);
        }

        _ids[Count] = id;
        _lengths[Count] = length;
        Count++;
    }

    /// <summary>Merges as far as the rules go.</summary>
    public void Merge(MergeTable merges)
    {
        if (Count < 2)
        {
            return;
        }

        if (Count <= ScanLimit)
        {
            MergeByScan(merges);
        }
        else
        {
            MergeByHeap(merges);
        }
    }

    private void MergeByScan(MergeTable merges)
    {
        var ids = _ids;
        var ranks = _ranks;
        for (var i = 0; i < Count - 1; i++)
        {
            ranks[i] = merges.Find(ids[i], ids[i + 1], out _results[i]);
        }

        while (true)
        {
            var best = int.MaxValue;
            var at = -1;
            for (var i = 0; i < Count - 1; i++)
            {
                if (ranks[i] < best)
                {
                    best = ranks[i];
                    at = i;
                }
            }

            if (at < 0)
            {
                return;
            }

            ids[at] = _results[at];
            _lengths[at] += _lengths[at + 1];
            var rest = Count - at - 2;
            Array.Copy(ids, at + 2, ids, at + 1, rest);
            Array.Copy(_lengths, at + 2, _lengths, at + 1, rest);
            Array.Copy(ranks, at + 2, ranks, at + 1, Math.Max(rest - 1, 0));
            Array.Copy(_results, at + 2, _results, at + 1, Math.Max(rest - 1, 0));
            Count--;
            if (at < Count - 1)
            {
                ranks[at] = merges.Find(ids[at], ids[at + 1], out _results[at]);
            }

            if (at > 0)
            {
                ranks[at - 1] = merges.Find(ids[at - 1], ids[at], out _results[at - 1]);
            }
        }
    }

    private void MergeByHeap(MergeTable merges)
    {
        var count = Count;
        if (_next.Length < count)
        {
            _next = new int[_ids.Length];
            _previous = new int[_ids.Length];
        }

        _queue.Clear();
        for (var i = 0; i < count; i++)
        {
            _next[i] = i + 1 < count ? i + 1 : -1;
            _previous[i] = i - 1;
        }

        for (var i = 0; i < count - 1; i++)
        {
            Offer(merges, i, i + 1);
        }

        while (_queue.TryDequeue(out var entry, out _))
        {
            var at = entry.Position;
            var right = _next[at];

            // An entry is stale when its left symbol is gone or its pair has changed since.
            if (_ids[at] < 0 || right < 0 || merges.Find(_ids[at], _ids[right], out var result) == int.MaxValue || result != entry.Result)
            {
                continue;
            }

            _ids[at] = result;
            _lengths[at] += _lengths[right];
            _ids[right] = -1;
            var after = _next[right];
            _next[at] = after;
            if (after >= 0)
            {
                _previous[after] = at;
                Offer(merges, at, after);
            }

            if (_previous[at] >= 0)
            {
                Offer(merges, _previous[at], at);
            }
        }

        Count = 0;
        for (var i = 0; i >= 0; i = _next[i])
        {
            _ids[Count] = _ids[i];
            _lengths[Count] = _lengths[i];
            Count++;
        }
    }

    private void Offer(MergeTable merges, int left, int right)
    {
        var rank = merges.Find(_ids[left], _ids[right], out var result);
        if (rank != int.MaxValue)
        {
            _queue.Enqueue((left, result), ((long)rank << 32) | (uint)left);
        }
    }
}
