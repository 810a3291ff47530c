using System.Runtime.Intrinsics;
using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Dropout's mask as a function of a seed and the place, so that backward needs nothing kept, and so that it is never made: it
/// is applied in the pass over memory that reads the numbers. Each number is 16 bits of a hash of its place (two rounds of
/// Wellons' lowbias32 with half of the seed before each): the mask depends neither on the number of threads nor on how the rows
/// are cut. On the CPU; the share that survives is a multiple of 1/65536.
/// </summary>
/// <param name="columns">Numbers in a row.</param>
/// <param name="seed">The seed.</param>
/// <param name="keep">Probability of surviving.</param>
internal sealed unsafe class SeededMask(long columns, ulong seed, double keep) : DropoutMask
{
    private const int Block = 32; // numbers of sixteen hashes
    private const long Piece = 1 << 15;

    // libtorch's threads look out for the next product while this runs: on two cores there is none left for another.
    private const int FewThreads = 2;
    private readonly ulong mixed = Mixed(seed);
    private readonly int limit = (int)Math.Round(keep * 65536);
    private long firstRow;

    private delegate void Pass(long place, long count, byte* output, float* input);

    public override Tensor Applied(Tensor input)
    {
        if (!TensorMemory.IsFloats(input))
        {
            using var kept = AsTensor(input.shape[0]);
            return input.mul(kept);
        }

        var output = empty_like(input);
        Run(input.numel(), sizeof(float), output, input, (place, count, to, from) => Select(place, count, (float*)to, from, adds: false));
        return output;
    }

    public override void AddApplied(Tensor target, Tensor product)
    {
        if (!TensorMemory.IsFloats(target) || !TensorMemory.IsFloats(product))
        {
            using var kept = AsTensor(target.shape[0]);
            target.add_(product.mul_(kept));
            return;
        }

        Run(target.numel(), sizeof(float), target, product, (place, count, to, from) => Select(place, count, (float*)to, from, adds: true));
    }

    public override DropoutMask Rows(long start, long count) => new SeededMask(columns, seed, keep) { firstRow = firstRow + start };

    public override Tensor AsTensor(long rows)
    {
        var mask = empty([rows, columns], ScalarType.Bool);
        Run(rows * columns, 1, mask, null, (place, count, to, _) =>
        {
            for (long i = 0; i < count; i++)
            {
                to[i] = Survives(place + i) ? (byte)1 : (byte)0;
            }
        });
        return mask;
    }

    private void Run(long count, int size, Tensor output, Tensor? input, Pass pass)
    {
        if (count == 0)
        {
            return;
        }

        var (to, from) = ((nint)TensorBytes.Pointer(output), input is null ? 0 : (nint)TensorBytes.Pointer(input));
        var first = firstRow * columns;
        var pieces = (count + Piece - 1) / Piece;
        if (OperatorThreads.Available)
        {
            OperatorThreads.For((int)pieces, Part);
        }
        else if (pieces == 1 || get_num_threads() <= FewThreads)
        {
            pass(first, count, (byte*)to, (float*)from);
        }
        else
        {
            Parallel.For(0, (int)pieces, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() }, Part);
        }

        GC.KeepAlive(output);
        GC.KeepAlive(input);

        void Part(int i)
        {
            var start = i * Piece;
            pass(first + start, Math.Min(Piece, count - start), (byte*)to + (start * size), (float*)from + start);
        }
    }

    /// <summary>Both of a backward pass in one: output = input ⊙ mask and target += added ⊙ mask, of whole rows.</summary>
    /// <param name="row">The first row.</param>
    /// <param name="count">Numbers.</param>
    /// <param name="input">Input; null = the first is not asked for.</param>
    /// <param name="output">Its result.</param>
    /// <param name="added">What is added.</param>
    /// <param name="target">To what; null = the second is not asked for.</param>
    public void Select(long row, long count, float* input, float* output, float* added, float* target)
    {
        var place = (firstRow + row) * columns;
        if (input is null || target is null || place % Block != 0 || count % Block != 0)
        {
            if (input is not null)
            {
                Select(place, count, output, input, adds: false);
            }

            if (target is not null)
            {
                Select(place, count, target, added, adds: true);
            }

            return;
        }

        var bound = Vector512.Create(limit);
        var places = Vector512.Create((uint)(place / Block * (Block / 2))) + Vector512<uint>.Indices;
        for (var i = 0L; i < count; i += Block)
        {
            var hashes = Hashes(places);
            var first = Vector512.LessThan((hashes & Vector512.Create(0xFFFFu)).AsInt32(), bound).AsSingle();
            var second = Vector512.LessThan((hashes >>> 16).AsInt32(), bound).AsSingle();
            (Vector512.Load(input + i) & first).Store(output + i);
            (Vector512.Load(input + i + (Block / 2)) & second).Store(output + i + (Block / 2));
            (Vector512.Load(target + i) + (Vector512.Load(added + i) & first)).Store(target + i);
            (Vector512.Load(target + i + (Block / 2)) + (Vector512.Load(added + i + (Block / 2)) & second)).Store(target + i + (Block / 2));
            places += Vector512.Create((uint)(Block / 2));
        }
    }

    // Sixteen hashes stand for 32 numbers: their low halves for the first sixteen, their high halves for the others.
    private void Select(long place, long count, float* output, float* input, bool adds)
    {
        var before = Math.Min(count, (Block - (place % Block)) % Block);
        var blocks = (count - before) / Block;
        Single(0, before);
        var to = output + before;
        var from = input + before;
        var bound = Vector512.Create(limit);
        var places = Vector512.Create((uint)((place + before) / Block * (Block / 2))) + Vector512<uint>.Indices;
        for (var i = 0L; i < blocks; i++)
        {
            var hashes = Hashes(places);
            var first = Vector512.Load(from) & Vector512.LessThan((hashes & Vector512.Create(0xFFFFu)).AsInt32(), bound).AsSingle();
            var second = Vector512.Load(from + (Block / 2)) & Vector512.LessThan((hashes >>> 16).AsInt32(), bound).AsSingle();
            if (adds)
            {
                first += Vector512.Load(to);
                second += Vector512.Load(to + (Block / 2));
            }

            first.Store(to);
            second.Store(to + (Block / 2));
            places += Vector512.Create((uint)(Block / 2));
            to += Block;
            from += Block;
        }

        Single(before + (blocks * Block), count);

        void Single(long start, long end)
        {
            for (var at = start; at < end; at++)
            {
                var chosen = Survives(place + at) ? input[at] : 0;
                output[at] = adds ? output[at] + chosen : chosen;
            }
        }
    }

    private bool Survives(long place)
    {
        var hash = Round(Round((uint)((place / Block * (Block / 2)) + (place % (Block / 2))) + (uint)mixed) ^ (uint)(mixed >> 32));
        return (int)(place % Block < Block / 2 ? hash & 0xFFFF : hash >> 16) < limit;
    }

    private Vector512<uint> Hashes(Vector512<uint> places) =>
        Round(Round(places + Vector512.Create((uint)mixed)) ^ Vector512.Create((uint)(mixed >> 32)));

    private static Vector512<uint> Round(Vector512<uint> x)
    {
        x = (x ^ (x >>> 16)) * Vector512.Create(0x7FEB352Du);
        x = (x ^ (x >>> 15)) * Vector512.Create(0x846CA68Bu);
        return x ^ (x >>> 16);
    }

    private static uint Round(uint x)
    {
        x = (x ^ (x >> 16)) * 0x7FEB352D;
        x = (x ^ (x >> 15)) * 0x846CA68B;
        return x ^ (x >> 16);
    }

    // Seeds that follow one another must not give neighbouring places (Steele, Lea and Flood 2014: SplitMix64).
    private static ulong Mixed(ulong value)
    {
        value += 0x9E3779B97F4A7C15UL;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }
}
