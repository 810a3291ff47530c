using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using TrainTools.Core.Training;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>
/// MinHash signatures: for each of a number of hash functions, the least hash over a set's members. The share of equal
/// places in two signatures estimates the Jaccard similarity of the sets with standard error sqrt(s(1-s)/n).
/// </summary>
/// <remarks>
/// The functions are multiply-shift in 32 bits, (x xor b) * a with odd a, over members that are well-mixed hashes: eight
/// (AVX2) or sixteen (AVX-512) of them in one vector.
/// </remarks>
internal sealed class MinHasher
{
    private const int Block = 64;
    private readonly uint[] _multipliers;
    private readonly uint[] _masks;

    /// <summary>Makes the hash functions.</summary>
    /// <param name="permutations">Their number.</param>
    /// <param name="seed">They depend on it alone.</param>
    public MinHasher(int permutations, long seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(permutations, 1);
        Permutations = permutations;
        var padded = (permutations + Block - 1) / Block * Block;
        _multipliers = new uint[padded];
        _masks = new uint[padded];
        var random = new SeededRandom(seed, RandomPurpose.MinHash);
        for (var i = 0; i < padded; i++)
        {
            _multipliers[i] = (uint)(random.NextUInt64() >> 32) | 1;
            _masks[i] = (uint)(random.NextUInt64() >> 32);
        }
    }

    /// <summary>Values a signature.</summary>
    public int Permutations { get; }

    /// <summary>Computes a signature.</summary>
    /// <param name="members">Hashes of the set's members; repeated ones change nothing.</param>
    /// <param name="signature">Receives <see cref="Permutations"/> values.</param>
    public void Sign(ReadOnlySpan<ulong> members, Span<uint> signature)
    {
        Span<uint> block = stackalloc uint[Block];
        for (var first = 0; first < Permutations; first += Block)
        {
            if (Vector512.IsHardwareAccelerated)
            {
                Sign512(members, first, block);
            }
            else
            {
                Sign256(members, first, block);
                Sign256(members, first + 32, block[32..]);
            }

            block[..Math.Min(Block, Permutations - first)].CopyTo(signature[first..]);
        }
    }

    /// <summary>Share of equal places: an estimate of the similarity.</summary>
    public static double Estimate(ReadOnlySpan<uint> a, ReadOnlySpan<uint> b)
    {
        var equal = 0;
        for (var i = 0; i < a.Length; i++)
        {
            equal += a[i] == b[i] ? 1 : 0;
        }

        return (double)equal / a.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sign512(ReadOnlySpan<ulong> members, int first, Span<uint> block)
    {
        ref var a = ref MemoryMarshal.GetReference(_multipliers.AsSpan(first, 64));
        ref var m = ref MemoryMarshal.GetReference(_masks.AsSpan(first, 64));
        var (a0, a1, a2, a3) = (Vector512.LoadUnsafe(ref a), Vector512.LoadUnsafe(ref a, 16), Vector512.LoadUnsafe(ref a, 32), Vector512.LoadUnsafe(ref a, 48));
        var (m0, m1, m2, m3) = (Vector512.LoadUnsafe(ref m), Vector512.LoadUnsafe(ref m, 16), Vector512.LoadUnsafe(ref m, 32), Vector512.LoadUnsafe(ref m, 48));
        var (s0, s1, s2, s3) = (Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet, Vector512<uint>.AllBitsSet);
        foreach (var member in members)
        {
            var x = Vector512.Create((uint)(member >> 32));
            s0 = Vector512.Min(s0, (x ^ m0) * a0);
            s1 = Vector512.Min(s1, (x ^ m1) * a1);
            s2 = Vector512.Min(s2, (x ^ m2) * a2);
            s3 = Vector512.Min(s3, (x ^ m3) * a3);
        }

        s0.CopyTo(block);
        s1.CopyTo(block[16..]);
        s2.CopyTo(block[32..]);
        s3.CopyTo(block[48..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sign256(ReadOnlySpan<ulong> members, int first, Span<uint> block)
    {
        ref var a = ref MemoryMarshal.GetReference(_multipliers.AsSpan(first, 32));
        ref var m = ref MemoryMarshal.GetReference(_masks.AsSpan(first, 32));
        var (a0, a1, a2, a3) = (Vector256.LoadUnsafe(ref a), Vector256.LoadUnsafe(ref a, 8), Vector256.LoadUnsafe(ref a, 16), Vector256.LoadUnsafe(ref a, 24));
        var (m0, m1, m2, m3) = (Vector256.LoadUnsafe(ref m), Vector256.LoadUnsafe(ref m, 8), Vector256.LoadUnsafe(ref m, 16), Vector256.LoadUnsafe(ref m, 24));
        var (s0, s1, s2, s3) = (Vector256<uint>.AllBitsSet, Vector256<uint>.AllBitsSet, Vector256<uint>.AllBitsSet, Vector256<uint>.AllBitsSet);
        foreach (var member in members)
        {
            var x = Vector256.Create((uint)(member >> 32));
            s0 = Vector256.Min(s0, (x ^ m0) * a0);
            s1 = Vector256.Min(s1, (x ^ m1) * a1);
            s2 = Vector256.Min(s2, (x ^ m2) * a2);
            s3 = Vector256.Min(s3, (x ^ m3) * a3);
        }

        s0.CopyTo(block);
        s1.CopyTo(block[8..]);
        s2.CopyTo(block[16..]);
        s3.CopyTo(block[24..]);
    }
}
