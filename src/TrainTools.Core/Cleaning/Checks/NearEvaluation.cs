using System.Globalization;

using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// Evaluation texts by their sets of characters, for copies in which so many words were touched that no run of them is left:
/// candidates by MinHash, each confirmed by its exact Jaccard similarity. Fill it first; then safe to use from several threads.
/// </summary>
internal sealed class NearEvaluation
{
    private const int LeastCharacters = 25;
    private const double Floor = 0.5;

    private readonly NearDuplicateOptions _options;
    private readonly SignatureBuilder _builder;
    private readonly Shingler _shingler;
    private readonly Dictionary<(int Band, uint Key), List<int>> _buckets = [];
    private readonly List<(ulong[] Shingles, ulong[] Numbers, string Place)> _texts = [];

    /// <summary>Makes an empty index.</summary>
    /// <param name="options">How near duplicates are found.</param>
    /// <param name="threshold">Similarity that is to be found with near certainty.</param>
    public NearEvaluation(NearDuplicateOptions options, double threshold)
    {
        _options = options with { Threshold = Math.Clamp(threshold, Floor, 0.95) };
        _builder = new SignatureBuilder(_options);
        _shingler = new Shingler(options.ShingleSize);
    }

    /// <summary>Adds an evaluation text.</summary>
    public void Add(string text, string place)
    {
        var normal = TextNormalizer.Normalize(text, _options.Normalization);
        if (normal.Length < LeastCharacters)
        {
            return;
        }

        var keys = _builder.BuildNormalized(normal).BandKeys;
        for (var band = 0; band < keys.Length; band++)
        {
            (_buckets.TryGetValue((band, keys[band]), out var bucket) ? bucket : _buckets[(band, keys[band])] = []).Add(_texts.Count);
        }

        _texts.Add((_shingler.Set(normal), NumberList.Of(normal), place));
    }

    /// <summary>The most similar evaluation text and its similarity; 0 if none is near. Variants with other numbers are none.</summary>
    public (double Similarity, string? Detail) Find(string text)
    {
        var normal = TextNormalizer.Normalize(text, _options.Normalization);
        if (_texts.Count == 0 || normal.Length < LeastCharacters)
        {
            return default;
        }

        HashSet<int>? candidates = null;
        var keys = _builder.BuildNormalized(normal).BandKeys;
        for (var band = 0; band < keys.Length; band++)
        {
            if (_buckets.TryGetValue((band, keys[band]), out var bucket))
            {
                (candidates ??= []).UnionWith(bucket);
            }
        }

        if (candidates is null)
        {
            return default;
        }

        var shingles = _shingler.Set(normal);
        var numbers = NumberList.Of(normal);
        var (best, similarity) = (-1, 0.0);
        foreach (var candidate in candidates.Order())
        {
            var jaccard = Shingler.Jaccard(shingles, _texts[candidate].Shingles);
            if (jaccard > similarity && SimilarityChecker.Agreement(numbers, _texts[candidate].Numbers) >= _options.NumberAgreement)
            {
                (best, similarity) = (candidate, jaccard);
            }
        }

        return best < 0 ? default : (similarity, string.Create(CultureInfo.InvariantCulture, $"like {_texts[best].Place}"));
    }
}
