using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>Exact similarity of two texts, overall and of input and output apart.</summary>
/// <param name="Overall">Jaccard similarity of the whole texts.</param>
/// <param name="Input">Of the inputs (of the whole where there is no output).</param>
/// <param name="Output">Of the outputs; 1 where there is none.</param>
/// <param name="Numbers">Share of numbers in common.</param>
internal readonly record struct Similarity(double Overall, double Input, double Output, double Numbers)
{
    /// <summary>The least of the three: what two duplicates must reach.</summary>
    public double Least => Math.Min(Overall, Math.Min(Input, Output));
}

/// <summary>Compares texts by their sets of shingles; keeps the sets used last.</summary>
internal sealed class SimilarityChecker(TextSpool texts, Shingler shingler)
{
    private const long CacheHashes = 4_000_000;
    private readonly Dictionary<int, Parts> _cache = [];
    private long _cached;

    /// <summary>Compares two records.</summary>
    public Similarity Compare(int a, int b)
    {
        var x = Get(a);
        var y = Get(b);
        var overall = Shingler.Jaccard(x.Whole, y.Whole);
        return x.Output is null || y.Output is null
            ? new Similarity(overall, overall, 1, Agreement(x.Numbers, y.Numbers))
            : new Similarity(overall, Shingler.Jaccard(x.Input!, y.Input!), Shingler.Jaccard(x.Output, y.Output), Agreement(x.Numbers, y.Numbers));
    }

    /// <summary>Jaccard similarity of two sorted lists with repeats; 1 if both are empty.</summary>
    internal static double Agreement(ulong[] a, ulong[] b) => Shingler.Jaccard(a, b);

    private Parts Get(int record)
    {
        if (_cache.TryGetValue(record, out var parts))
        {
            return parts;
        }

        parts = Parts.Of(texts[record], shingler);
        if (_cached > CacheHashes)
        {
            _cache.Clear();
            _cached = 0;
        }

        _cached += parts.Size;
        _cache.Add(record, parts);
        return parts;
    }

    private sealed record Parts(ulong[] Whole, ulong[]? Input, ulong[]? Output, ulong[] Numbers)
    {
        public long Size => Whole.Length + (Input?.Length ?? 0) + (Output?.Length ?? 0) + Numbers.Length;

        public static Parts Of(string text, Shingler shingler)
        {
            var separator = text.IndexOf(NearDuplicateSignature.Separator, StringComparison.Ordinal);
            return separator < 0
                ? new Parts(shingler.Set(text), null, null, NumberList.Of(text))
                : new Parts(shingler.Set(text), shingler.Set(text.AsSpan(0, separator)), shingler.Set(text.AsSpan(separator + 1)), NumberList.Of(text));
        }
    }
}
