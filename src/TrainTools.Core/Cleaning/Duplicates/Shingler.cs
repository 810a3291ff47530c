using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>Turns a text into the set of its character shingles, as 64-bit hashes.</summary>
/// <remarks>
/// Shingles are of Unicode code points; a text shorter than one shingle is its own only shingle. A hash is the first four
/// points, 16 bits each, plus a multiple of every further one and of what goes beyond 16 bits, well mixed: each shingle by
/// itself, so that the processor works on several at a time.
/// </remarks>
internal sealed class Shingler
{
    private const ulong Fifth = 0x9E3779B97F4A7C15;
    private readonly ulong[] _low;
    private readonly ulong[] _high;

    public Shingler(int size)
    {
        Size = size;
        _low = [.. Enumerable.Range(0, size).Select(k => k < 4 ? 1UL << (16 * k) : k == 4 ? Fifth : Mix(Fifth + (ulong)k) | 1)];
        _high = [.. Enumerable.Range(0, size).Select(k => Mix(~Fifth - (ulong)k) | 1)];
    }

    /// <summary>Code points a shingle.</summary>
    public int Size { get; }

    /// <summary>Writes the hash of every shingle, repeated ones too, and returns their number.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hashes">At least as long as the text (and 1).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Hash(ReadOnlySpan<char> text, Span<ulong> hashes)
    {
        if (Size != 5 || text.Length < 5 || text.ContainsAnyInRange('\ud800', '\udfff') || !BitConverter.IsLittleEndian)
        {
            return HashPoints(text, hashes);
        }

        var count = text.Length - 4;
        hashes = hashes[..count];
        ref var first = ref MemoryMarshal.GetReference(text);
        for (var i = 0; i < hashes.Length; i++)
        {
            var four = Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref Unsafe.Add(ref first, i)));
            hashes[i] = Mix(four + (Unsafe.Add(ref first, i + 4) * Fifth));
        }

        return count;
    }

    /// <summary>The set of shingles, sorted.</summary>
    public ulong[] Set(ReadOnlySpan<char> text)
    {
        var hashes = new ulong[Math.Max(1, text.Length)];
        var count = Hash(text, hashes);
        Array.Sort(hashes, 0, count);
        var distinct = 0;
        for (var i = 0; i < count; i++)
        {
            if (i == 0 || hashes[i] != hashes[i - 1])
            {
                hashes[distinct++] = hashes[i];
            }
        }

        Array.Resize(ref hashes, distinct);
        return hashes;
    }

    /// <summary>Size of the intersection of two sorted sets.</summary>
    public static int Intersection(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        int i = 0, j = 0, common = 0;
        while (i < a.Length && j < b.Length)
        {
            var x = a[i];
            var y = b[j];
            common += x == y ? 1 : 0;
            i += x <= y ? 1 : 0;
            j += y <= x ? 1 : 0;
        }

        return common;
    }

    /// <summary>Jaccard similarity of two sorted sets: |A ∩ B| / |A ∪ B|.</summary>
    public static double Jaccard(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b)
    {
        var common = Intersection(a, b);
        var union = a.Length + b.Length - common;
        return union == 0 ? 1 : (double)common / union;
    }

    /// <summary>The same hashes for any size and any code points.</summary>
    private int HashPoints(ReadOnlySpan<char> text, Span<ulong> hashes)
    {
        var points = ArrayPool<uint>.Shared.Rent(text.Length + 1);
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            points[length++] = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                ? (uint)char.ConvertToUtf32(text[i], text[++i])
                : text[i];
        }

        // A text that is no whole shingle differs from the beginning of one.
        var count = Math.Max(1, length - Size + 1);
        var start = length < Size ? Mix((ulong)length + 1) : 0;
        for (var i = 0; i < count; i++)
        {
            var hash = start;
            for (var k = 0; k < Math.Min(Size, length); k++)
            {
                hash += ((points[i + k] & 0xffff) * _low[k]) + ((points[i + k] >> 16) * _high[k]);
            }

            hashes[i] = Mix(hash);
        }

        ArrayPool<uint>.Shared.Return(points);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
