using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Dropout's mask as a function of a seed, so that backward can make it again instead of keeping it. Every number is one half of
/// SplitMix64 at its place (Steele, Lea and Flood 2014): the mask does not depend on how many threads make it. libtorch's
/// own sampling takes ten times as long.
/// </summary>
internal static unsafe class DropoutMask
{
    private const long Piece = 1 << 18;

    /// <summary>Bool [rows, columns] on the CPU, true with the given probability.</summary>
    public static Tensor Create(long rows, long columns, ulong seed, double keep)
    {
        var mask = empty([rows, columns], ScalarType.Bool);
        var count = rows * columns;
        if (count == 0)
        {
            return mask;
        }

        var target = (nint)TensorBytes.Pointer(mask);
        var limit = (ulong)Math.Round(keep * (1UL << 32));
        var pieces = (count + Piece - 1) / Piece;
        if (pieces == 1)
        {
            Fill((byte*)target, 0, count, seed, limit);
        }
        else
        {
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
                Fill((byte*)target, i * Piece, Math.Min(count, (i + 1) * Piece), seed, limit));
        }

        return mask;
    }

    // Pieces begin at even places, so a pair is never torn.
    private static void Fill(byte* mask, long start, long end, ulong seed, ulong limit)
    {
        for (var i = start; i < end; i += 2)
        {
            var drawn = Mixed(seed + ((ulong)(i >> 1) * 0x9E3779B97F4A7C15UL));
            mask[i] = (uint)drawn < limit ? (byte)1 : (byte)0;
            if (i + 1 < end)
            {
                mask[i + 1] = drawn >> 32 < limit ? (byte)1 : (byte)0;
            }
        }
    }

    private static ulong Mixed(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
