namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>The most similar records of one record: the best with the same outcome and the best with another.</summary>
internal sealed class BestMatches
{
    private NearMatch? _same;
    private NearMatch? _other;

    /// <summary>The record that matches are collected for; -1 before the first.</summary>
    public int Record { get; private set; } = -1;

    /// <summary>Takes a match if it is the best of its kind.</summary>
    public void Offer(NearMatch match)
    {
        ref var best = ref match.SameOutcome ? ref _same : ref _other;
        if (best is null || Better(match.Similarity, best.Value.Similarity))
        {
            best = match;
        }
    }

    /// <summary>Gives the matches of the record so far and begins the next.</summary>
    public NearMatch[] Take(int next)
    {
        NearMatch[] result = (_same, _other) switch
        {
            (null, null) => [],
            ({ } same, null) => [same],
            (null, { } other) => [other],
            ({ } same, { } other) => [same, other],
        };
        (Record, _same, _other) = (next, null, null);
        return result;
    }

    private static bool Better(Similarity a, Similarity b) => (a.Least, a.Overall).CompareTo((b.Least, b.Overall)) > 0;
}
