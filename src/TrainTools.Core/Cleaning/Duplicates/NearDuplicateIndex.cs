using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>A record and the better-ranked record that it resembles.</summary>
/// <param name="Record">The record.</param>
/// <param name="Kept">The one that is kept.</param>
/// <param name="Similarity">Their exact similarity.</param>
/// <param name="SameOutcome">Whether both have the same label or tags.</param>
internal readonly record struct NearMatch(int Record, int Kept, Similarity Similarity, bool SameOutcome);

/// <summary>
/// Near duplicates by MinHash and locality-sensitive hashing, each confirmed by its exact Jaccard similarity. Holds about
/// 12 + 128 + 8 × bands bytes a record beside the texts; each of these goes to disk beyond its part of the budget.
/// </summary>
internal sealed class NearDuplicateIndex : IDisposable
{
    private readonly NearDuplicateOptions _options;
    private readonly CandidateIndex _candidates;
    private readonly BlockStore _sketches;
    private readonly TextSpool _texts;
    private readonly double _floor;
    private readonly NearDuplicateSignature _none;

    /// <summary>Makes an index.</summary>
    /// <param name="options">How duplicates are found.</param>
    /// <param name="floor">Least similarity that is reported; the threshold is the decider's matter.</param>
    /// <param name="memoryBytes">Budget.</param>
    public NearDuplicateIndex(NearDuplicateOptions options, double floor, long memoryBytes)
    {
        _options = options;
        _floor = floor;
        Builder = new SignatureBuilder(options);
        _none = new NearDuplicateSignature(new byte[options.Permutations], 0, options.Permutations);
        _candidates = new CandidateIndex(Builder.Banding.Bands, memoryBytes * 4 / 10);
        _sketches = new BlockStore(memoryBytes * 2 / 10);
        _texts = new TextSpool(memoryBytes * 4 / 10);
    }

    /// <summary>Makes the signatures that <see cref="Add"/> takes.</summary>
    public SignatureBuilder Builder { get; }

    /// <summary>Threads that search.</summary>
    public int Threads
    {
        get => _candidates.Threads;
        set => _candidates.Threads = value;
    }

    /// <summary>Records added.</summary>
    public int Count => _texts.Count;

    /// <summary>Pairs that shared a band, in the last search.</summary>
    public long Candidates { get; private set; }

    /// <summary>Pairs whose texts were compared, in the last search.</summary>
    public long Compared { get; private set; }

    /// <summary>Bytes in temporary files.</summary>
    public long SpilledBytes => _candidates.SpilledBytes + _sketches.SpilledBytes + _texts.SpilledBytes;

    /// <summary>Adds the next record. A text of nothing but white space never has near duplicates.</summary>
    public void Add(NearDuplicateSignature signature)
    {
        if (!signature.Text.IsEmpty)
        {
            _candidates.Add(_texts.Count, signature.BandKeys);
        }

        _sketches.Append(signature.Sketch);
        _texts.Add(signature.Text);
    }

    /// <summary>Adds a record that is to have no near duplicates, so that the next keeps its number.</summary>
    public void AddNone() => Add(_none);

    /// <summary>
    /// Walks the records in the order of their ranks and reports for each the most similar of the candidates that are kept
    /// so far, apart for those with the same outcome and those with another. Only records that are kept count, so that
    /// chains do not merge.
    /// </summary>
    /// <param name="order">Records by rank, or null for their own order.</param>
    /// <param name="isOut">Records that take no part (exact duplicates).</param>
    /// <param name="sameOutcome">Whether two records have the same label or tags.</param>
    /// <param name="removes">Whether a match means that the record is not kept.</param>
    /// <param name="cancellationToken">Stops the search.</param>
    public IEnumerable<NearMatch> Match(int[]? order, Func<int, bool> isOut, Func<int, int, bool> sameOutcome, Func<NearMatch, bool> removes, CancellationToken cancellationToken = default)
    {
        var rank = Inverse(order);
        var gone = new HashSet<int>();
        var checker = new SimilarityChecker(_texts, new Shingler(_options.ShingleSize));
        var best = new BestMatches();
        Candidates = 0;
        Compared = 0;
        foreach (var (laterRank, earlierRank) in _candidates.Pairs(r => rank is null ? r : rank[r], isOut, limitBuckets: true, cancellationToken))
        {
            var later = order is null ? laterRank : order[laterRank];
            var earlier = order is null ? earlierRank : order[earlierRank];
            Candidates++;
            if (best.Record != later)
            {
                foreach (var match in best.Take(later))
                {
                    yield return match;
                    if (removes(match))
                    {
                        gone.Add(match.Record);
                    }
                }
            }

            if (gone.Contains(earlier) || !MayReach(later, earlier))
            {
                continue;
            }

            Compared++;
            var similarity = checker.Compare(later, earlier);
            if (similarity.Overall >= _floor)
            {
                best.Offer(new NearMatch(later, earlier, similarity, sameOutcome(later, earlier)));
            }
        }

        foreach (var match in best.Take(-1))
        {
            yield return match;
        }
    }

    /// <summary>Every pair whose overall similarity reaches the floor.</summary>
    public IEnumerable<NearMatch> AllPairs(CancellationToken cancellationToken = default)
    {
        var checker = new SimilarityChecker(_texts, new Shingler(_options.ShingleSize));
        Candidates = 0;
        Compared = 0;
        foreach (var (later, earlier) in _candidates.Pairs(r => r, _ => false, limitBuckets: false, cancellationToken))
        {
            Candidates++;
            if (MayReach(later, earlier))
            {
                Compared++;
                var similarity = checker.Compare(later, earlier);
                if (similarity.Overall >= _floor)
                {
                    yield return new NearMatch(later, earlier, similarity, true);
                }
            }
        }
    }

    public void Dispose()
    {
        _candidates.Dispose();
        _sketches.Dispose();
        _texts.Dispose();
    }

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

    private bool MayReach(int a, int b)
    {
        var length = _options.Permutations;
        Span<byte> x = stackalloc byte[length];
        Span<byte> y = stackalloc byte[length];
        _sketches.Read((long)a * length, x);
        _sketches.Read((long)b * length, y);
        return Sketch.Estimate(x, y) >= Sketch.Cutoff(_floor, length);
    }
}
