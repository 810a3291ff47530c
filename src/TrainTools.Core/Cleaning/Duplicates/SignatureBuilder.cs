using System.Buffers;

using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>Makes signatures of texts. Safe to use from several threads.</summary>
internal sealed class SignatureBuilder
{
    private readonly NearDuplicateOptions _options;
    private readonly Shingler _shingler;
    private readonly MinHasher _hasher;

    public SignatureBuilder(NearDuplicateOptions options)
    {
        _options = options;
        _shingler = new Shingler(options.ShingleSize);
        _hasher = new MinHasher(options.Permutations);
        Banding = options.Banding;
    }

    /// <summary>How signatures are cut into bands.</summary>
    public LshBanding Banding { get; }

    /// <summary>The signature of a text, or of an input and its output.</summary>
    public NearDuplicateSignature Build(string input, string? output) => BuildNormalized(
        TextNormalizer.Normalize(input, _options.Normalization),
        output is null ? null : TextNormalizer.Normalize(output, _options.Normalization));

    /// <summary>The signature of texts that are normalised already.</summary>
    public NearDuplicateSignature BuildNormalized(string input, string? output)
    {
        var text = output is null ? input : $"{input}{NearDuplicateSignature.Separator}{output}";

        var shingles = ArrayPool<ulong>.Shared.Rent(Math.Max(1, text.Length));
        var count = _shingler.Hash(text, shingles);
        Span<uint> signature = stackalloc uint[_options.Permutations];
        _hasher.Sign(shingles.AsSpan(0, count), signature);
        ArrayPool<ulong>.Shared.Return(shingles);

        var keys = new uint[Banding.Bands];
        for (var band = 0; band < keys.Length; band++)
        {
            keys[band] = Key(signature.Slice(band * Banding.Rows, Banding.Rows));
        }

        var sketch = new byte[signature.Length];
        for (var i = 0; i < sketch.Length; i++)
        {
            sketch[i] = (byte)signature[i];
        }

        return new NearDuplicateSignature(text, keys, sketch);
    }

    private static uint Key(ReadOnlySpan<uint> rows)
    {
        var hash = 0x9E3779B97F4A7C15UL;
        foreach (var row in rows)
        {
            hash = (hash ^ row) * 0xBF58476D1CE4E5B9;
            hash ^= hash >> 32;
        }

        return (uint)(hash >> 16);
    }
}
