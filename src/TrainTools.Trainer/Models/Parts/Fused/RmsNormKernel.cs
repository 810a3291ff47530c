using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// RMSNorm and its gradient in few passes over memory, for use outside the graph. Of the forward pass one number a row is
/// kept; what was normalised is made again. Results belong to the caller's scope.
/// </summary>
internal static class RmsNormKernel
{
    /// <summary>1 / sqrt(mean(x²) + eps) of each row.</summary>
    /// <param name="x">[N, H].</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>[N, 1].</returns>
    public static Tensor Inverse(Tensor x, double epsilon)
    {
        if (CompactNorm.Fits(x, x))
        {
            return CompactNorm.Inverse(x, epsilon);
        }

        var norm = linalg.vector_norm(x, 2, [-1L], keepdim: true);
        return norm.pow_(2).div_(x.shape[^1]).add_(epsilon).rsqrt_();
    }

    /// <summary>x · inverse · w.</summary>
    /// <param name="x">[N, H].</param>
    /// <param name="inverse">[N, 1].</param>
    /// <param name="weight">[H].</param>
    /// <returns>[N, H].</returns>
    public static Tensor Apply(Tensor x, Tensor inverse, Tensor weight) =>
        CompactNorm.Fits(x, weight) ? CompactNorm.Apply(x, inverse, weight) : x.mul(inverse).mul_(weight);

    /// <summary>Both together: [..., H] → [..., H].</summary>
    public static Tensor Forward(Tensor x, Tensor weight, double epsilon)
    {
        using var scope = NewDisposeScope();
        var rows = x.reshape(-1, x.shape[^1]);
        return Apply(rows, Inverse(rows, epsilon), weight).view(x.shape).MoveToOuterDisposeScope();
    }

    /// <summary>The same for a branch beside a residual: the gradient of x is written, the residual's added to it.</summary>
    /// <param name="target">Takes the gradient of x, [N, H].</param>
    /// <param name="residual">Added to it, [N, H].</param>
    /// <param name="gradient">Gradient of the output, [N, H].</param>
    /// <param name="x">[N, H].</param>
    /// <param name="inverse">[N, 1].</param>
    /// <param name="weight">[H].</param>
    /// <param name="weightToo">Whether the weight's gradient is asked for.</param>
    public static Tensor? BackwardInto(Tensor target, Tensor residual, Tensor gradient, Tensor x, Tensor inverse, Tensor weight, bool weightToo)
    {
        if (CompactNorm.Fits(x, weight) && TensorMemory.IsFloats(gradient) && TensorMemory.IsFloats(residual) && TensorMemory.IsFloats(target))
        {
            var total = CompactNorm.BackwardInto(target, residual, gradient, x, inverse, weight);
            return weightToo ? total : null;
        }

        var (through, weightGradient) = Backward(gradient, x, inverse, weight, weightToo);
        target.copy_(through.add_(residual));
        return weightGradient;
    }

    /// <summary>The gradients of x [N, H] and of the weight [H]; the second is null where it is not asked for.</summary>
    /// <param name="gradient">Gradient of the output, [N, H].</param>
    /// <param name="x">[N, H].</param>
    /// <param name="inverse">[N, 1].</param>
    /// <param name="weight">[H].</param>
    /// <param name="weightToo">Whether the weight's gradient is asked for.</param>
    public static (Tensor Input, Tensor? Weight) Backward(Tensor gradient, Tensor x, Tensor inverse, Tensor weight, bool weightToo)
    {
        using var scope = NewDisposeScope();
        if (CompactNorm.Fits(x, weight) && gradient.is_contiguous())
        {
            var through = empty_like(x);
            var total = CompactNorm.BackwardInto(through, null, gradient, x, inverse, weight);
            return (through.MoveToOuterDisposeScope(), weightToo ? total.MoveToOuterDisposeScope() : null);
        }

        var normed = x.mul(inverse);
        var weightGradient = weightToo ? gradient.mul(normed).sum([0L]) : null;
        var inputGradient = gradient.mul(weight);

        // Summed row by row, not as a product with a vector: a row's gradient must not depend on how many rows there are.
        var share = inputGradient.mul(normed).sum(-1, keepdim: true).div_(-x.shape[^1]); // [N, 1]
        inputGradient = inputGradient.addcmul_(normed, share, 1).mul_(inverse);
        return (inputGradient.MoveToOuterDisposeScope(), weightGradient?.MoveToOuterDisposeScope());
    }
}
