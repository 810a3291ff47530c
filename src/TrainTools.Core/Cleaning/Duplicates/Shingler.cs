using System.Text;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>Turns a text into the set of its character shingles, as 64-bit hashes.</summary>
/// <remarks>Shingles are of Unicode code points; a text shorter than one shingle is its own only shingle.</remarks>
internal sealed class Shingler(int size)
{
    private const ulong Base = 0x9E3779B97F4A7C15;
    private readonly ulong _leaving = Power(Base, size);

    /// <summary>Code points a shingle.</summary>
    public int Size { get; } = size;

    /// <summary>Writes the hash of every shingle, repeated ones too, and returns their number.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hashes">At least as long as the text (and 1).</param>
    public int Hash(ReadOnlySpan<char> text, Span<ulong> hashes)
    {
        // While the window is filled, hash k stands for code points 0..k; the window is complete at k = Size - 1.
        ulong hash = 0;
        var codePoints = 0;
        Span<uint> window = stackalloc uint[Size];
        for (var i = 0; i < text.Length; i++)
        {
            uint point = text[i];
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                point = (uint)char.ConvertToUtf32(text[i], text[++i]);
            }

            var slot = codePoints % Size;
            hash = (hash * Base) + point + 1;
            if (codePoints >= Size)
            {
                hash -= (window[slot] + 1) * _leaving;
            }

            window[slot] = point;
            codePoints++;
            if (codePoints >= Size)
            {
                hashes[codePoints - Size] = Mix(hash);
            }
        }

        if (codePoints >= Size)
        {
            return codePoints - Size + 1;
        }

        hashes[0] = Mix(hash);
        return 1;
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

    private static ulong Power(ulong value, int exponent)
    {
        ulong result = 1;
        for (var i = 0; i < exponent; i++)
        {
            result *= value;
        }

        return result;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
