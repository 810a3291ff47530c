using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>RMSNorm of rows by kernels written here, for small models: what <see cref="Fused.RmsNormKernel"/> does with some ten operators.</summary>
internal static unsafe class CompactNorm
{
    private const int Block = CompactSizes.Block;

    /// <summary>Whether there is little enough for one thread, and it lies where kernels can read it.</summary>
    public static bool Fits(Tensor x, Tensor weight) =>
        CompactLayer.Allowed && x.numel() <= 1 << 19 && x.shape[^1] <= CompactLayer.LargestHidden && TensorMemory.IsFloats(x) && TensorMemory.IsFloats(weight);

    /// <summary>1 / sqrt(mean(x²) + eps) of each row [N, H] → [N, 1].</summary>
    public static Tensor Inverse(Tensor x, double epsilon)
    {
        var (rows, width) = ((int)x.shape[0], (int)x.shape[1]);
        var result = empty([rows, 1]);
        var from = TensorMemory.Floats(x);
        var to = TensorMemory.Floats(result);
        for (var i = 0; i < rows; i++)
        {
            to[i] = RowKernel.InverseRms(from + ((long)i * width), width, (float)epsilon);
        }

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
        for (var i = 0; i < rows; i++)
        {
            RowKernel.Norm(from + ((long)i * width), scale[i], factor, to + ((long)i * width), width);
        }

        return result;
    }

    /// <summary>Gradients of x and of the weight.</summary>
    public static (Tensor Input, Tensor Weight) Backward(Tensor gradient, Tensor x, Tensor inverse, Tensor weight)
    {
        var (rows, width) = ((int)x.shape[0], (int)x.shape[1]);
        var (input, shares) = (zeros(x.shape), zeros([CompactSizes.Blocks(rows), width]));
        var back = TensorMemory.Floats(gradient);
        var from = TensorMemory.Floats(x);
        var scale = TensorMemory.Floats(inverse);
        var factor = TensorMemory.Floats(weight);
        var to = TensorMemory.Floats(input);
        var share = TensorMemory.Floats(shares);
        for (var i = 0; i < rows; i++)
        {
            RowKernel.NormBackward(back + ((long)i * width), from + ((long)i * width), scale[i], factor, to + ((long)i * width), share + ((long)(i / Block) * width), width);
        }

        // Block by block, so that many rows lose no more than few.
        for (var i = 1; i < CompactSizes.Blocks(rows); i++)
        {
            RowKernel.Add(share + ((long)i * width), share, width);
        }

        using (shares)
        {
            return (input, shares[0].clone());
        }
    }
}
