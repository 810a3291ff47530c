using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>RMSNorm of rows by kernels written here, in one pass over memory: what <see cref="Fused.RmsNormKernel"/> does with some ten operators.</summary>
internal static unsafe class CompactNorm
{
    private const int Block = CompactSizes.Block;
    private const int FewNumbers = 1 << 15;

    /// <summary>Whether it lies where kernels can read it, and there is little enough for one thread or the threads for more.</summary>
    public static bool Fits(Tensor x, Tensor weight) =>
        CompactLayer.Allowed && TensorMemory.IsFloats(x) && TensorMemory.IsFloats(weight)
        && (OperatorThreads.Available || (x.numel() <= 1 << 19 && x.shape[^1] <= CompactLayer.LargestHidden));

    /// <summary>1 / sqrt(mean(x²) + eps) of each row [N, H] → [N, 1].</summary>
    public static Tensor Inverse(Tensor x, double epsilon)
    {
        var (rows, width) = ((int)x.shape[0], (int)x.shape[1]);
        var result = empty([rows, 1]);
        var from = TensorMemory.Floats(x);
        var to = TensorMemory.Floats(result);
        EachRow(rows, width, i => to[i] = RowKernel.InverseRms(from + ((long)i * width), width, (float)epsilon));
        GC.KeepAlive(x);
        return result;
    }

    /// <summary>x · inverse · w.</summary>
    public static Tensor Apply(Tensor x, Tensor inverse, Tensor weight)
    {
        var (rows, width) = ((int)x.shape[0], (int)x.shape[1]);
        var result = empty(x.shape);
        var from = TensorMemory.Floats(x);
        var scale = TensorMemory.Floats(inverse);
        var factor = TensorMemory.Floats(weight);
        var to = TensorMemory.Floats(result);
        EachRow(rows, width, i => RowKernel.Norm(from + ((long)i * width), scale[i], factor, to + ((long)i * width), width));
        GC.KeepAlive(x);
        GC.KeepAlive(inverse);
        return result;
    }

    /// <summary>Gradient of x into what is given, and that of the weight.</summary>
    /// <param name="input">Takes the gradient of x, [N, H].</param>
    /// <param name="residual">Added to it, [N, H]; null = nothing.</param>
    /// <param name="gradient">Gradient of the output, [N, H].</param>
    /// <param name="x">[N, H].</param>
    /// <param name="inverse">[N, 1].</param>
    /// <param name="weight">[H].</param>
    public static Tensor BackwardInto(Tensor input, Tensor? residual, Tensor gradient, Tensor x, Tensor inverse, Tensor weight)
    {
        var (rows, width) = ((int)x.shape[0], (int)x.shape[1]);
        using var shares = zeros([CompactSizes.Blocks(rows), width]);
        var rest = residual is null ? null : TensorMemory.Floats(residual);
        var back = TensorMemory.Floats(gradient);
        var from = TensorMemory.Floats(x);
        var scale = TensorMemory.Floats(inverse);
        var factor = TensorMemory.Floats(weight);
        var to = TensorMemory.Floats(input);
        var share = TensorMemory.Floats(shares);
        EachRow(rows, width, i =>
        {
            var at = (long)i * width;
            var start = new Span<float>(to + at, width);
            if (rest is null)
            {
                start.Clear();
            }
            else
            {
                new Span<float>(rest + at, width).CopyTo(start);
            }

            RowKernel.NormBackward(back + at, from + at, scale[i], factor, to + at, share + ((long)(i / Block) * width), width);
        });

        // Block by block, so that many rows lose no more than few.
        for (var i = 1; i < CompactSizes.Blocks(rows); i++)
        {
            RowKernel.Add(share + ((long)i * width), share, width);
        }

        GC.KeepAlive(input);
        GC.KeepAlive(residual);
        GC.KeepAlive(gradient);
        GC.KeepAlive(x);
        GC.KeepAlive(inverse);
        return shares[0].clone();
    }

    // A block's rows go to one thread, in order: they share sums.
    private static void EachRow(int rows, int width, Action<int> row)
    {
        if ((long)rows * width < FewNumbers)
        {
            Some(0, rows);
            return;
        }

        OperatorThreads.ForPieces(rows, Block, Some);

        void Some(long start, int count)
        {
            for (var i = (int)start; i < start + count; i++)
            {
                row(i);
            }
        }
    }
}
