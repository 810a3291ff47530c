namespace TrainTools.Core.Data.Statistics;

/// <summary>Collects lengths: a counter for each length that occurs, so that memory does not grow with the records.</summary>
internal sealed class LengthCounter(string name)
{
    private readonly Dictionary<int, long> _counts = [];

    /// <summary>Lengths added.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum.</summary>
    public long Sum { get; private set; }

    public void Add(int length)
    {
        _counts[length] = _counts.GetValueOrDefault(length) + 1;
        Count++;
        Sum += length;
    }

    /// <summary>The distribution; null if nothing was added.</summary>
    public LengthDistribution? Distribution()
    {
        if (Count == 0)
        {
            return null;
        }

        var sorted = _counts.OrderBy(c => c.Key).ToList();
        return new LengthDistribution
        {
            Name = name,
            Count = Count,
            Mean = (double)Sum / Count,
            Min = sorted[0].Key,
            P5 = Quantile(sorted, 0.05),
            P25 = Quantile(sorted, 0.25),
            Median = Quantile(sorted, 0.5),
            P75 = Quantile(sorted, 0.75),
            P95 = Quantile(sorted, 0.95),
            P99 = Quantile(sorted, 0.99),
            Max = sorted[^1].Key,
            Histogram = Histogram(sorted),
        };
    }

    /// <summary>The least length that at least this share of all does not exceed.</summary>
    private int Quantile(List<KeyValuePair<int, long>> sorted, double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        foreach (var (length, count) in sorted)
        {
            seen += count;
            if (seen >= wanted)
            {
                return length;
            }
        }

        return sorted[^1].Key;
    }

    /// <summary>Bins at 0, 1, 2, 4, 8, …: lengths spread over orders of magnitude.</summary>
    private static List<HistogramBin> Histogram(List<KeyValuePair<int, long>> sorted)
    {
        var bins = new List<HistogramBin>();
        var from = 0L;
        var to = 1L;
        var at = 0;
        while (at < sorted.Count)
        {
            long count = 0;
            for (; at < sorted.Count && sorted[at].Key < to; at++)
            {
                count += sorted[at].Value;
            }

            if (count > 0 || bins.Count > 0)
            {
                bins.Add(new HistogramBin((int)from, (int)Math.Min(to, int.MaxValue), count));
            }

            (from, to) = (to, to * 2);
        }

        return bins;
    }
}
