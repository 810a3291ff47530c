using System.Buffers;
using System.Text;

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
    public NearDuplicateSignature Build(string input, string? output)
    {
        var normalized = TextNormalizer.Normalize(input, _options.Normalization);
        return BuildNormalized(output is null
            ? normalized
            : $"{normalized}{NearDuplicateSignature.Separator}{TextNormalizer.Normalize(output, _options.Normalization)}");
    }

    /// <summary>The signature of a text that is normalised already; input and output with the separator between them.</summary>
    public NearDuplicateSignature BuildNormalized(ReadOnlySpan<char> text)
    {
        var shingles = ArrayPool<ulong>.Shared.Rent(Math.Max(1, text.Length));
        var count = _shingler.Hash(text, shingles);
        Span<uint> signature = stackalloc uint[_options.Permutations];
        _hasher.Sign(shingles.AsSpan(0, count), signature);
        ArrayPool<ulong>.Shared.Return(shingles);

        var packed = GC.AllocateUninitializedArray<byte>(
            NearDuplicateSignature.Size(Banding.Bands, signature.Length) + Encoding.UTF8.GetByteCount(text));
        var result = new NearDuplicateSignature(packed, Banding.Bands, signature.Length);
        var keys = result.BandKeys;
        for (var band = 0; band < keys.Length; band++)
        {
            keys[band] = Key(signature.Slice(band * Banding.Rows, Banding.Rows));
        }

        var sketch = result.Sketch;
        for (var i = 0; i < sketch.Length; i++)
        {
            sketch[i] = (byte)signature[i];
        }

        Encoding.UTF8.GetBytes(text, result.Text);
        return result;
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
