using System.Numerics;
using System.Runtime.Intrinsics;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>One byte of each signature value: enough to turn most false candidates away without their texts.</summary>
internal static class Sketch
{
    /// <summary>Estimated similarity; unequal values share a byte by chance once in 256, which is taken off.</summary>
    public static double Estimate(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var equal = 0;
        var i = 0;
        for (; i <= a.Length - 32; i += 32)
        {
            equal += BitOperations.PopCount(Vector256.Equals(Vector256.Create(a.Slice(i, 32)), Vector256.Create(b.Slice(i, 32))).ExtractMostSignificantBits());
        }

        for (; i < a.Length; i++)
        {
            equal += a[i] == b[i] ? 1 : 0;
        }

        return (((double)equal / a.Length) - (1 / 256.0)) / (1 - (1 / 256.0));
    }

    /// <summary>Estimate below which a pair cannot reasonably reach a similarity: four standard errors below it.</summary>
    public static double Cutoff(double similarity, int values) =>
        similarity - (4 * Math.Sqrt(similarity * (1 - similarity) / values));
}
