using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// scale · ((x ⊙ mask)·Aᵀ)·Bᵀ and its gradients outside the graph, the small products first. Nothing is kept: backward makes the
/// small product again. A and B may be in a wider type than the computation: they are cast, as under autocast, and
/// their gradients are in their own type.
/// </summary>
internal static class LoraKernel
{
    /// <summary>output += scale · ((x ⊙ mask)·Aᵀ)·Bᵀ.</summary>
    /// <param name="output">[N, out].</param>
    /// <param name="input">x, [N, in].</param>
    /// <param name="mask">What dropout lets through; null = everything. The survivors' factor belongs to the scale.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scale">Factor.</param>
    public static void AddTo(Tensor output, Tensor input, DropoutMask? mask, Tensor a, Tensor b, double scale)
    {
        if (LoraRows.Fits(mask, a, b, output, input))
        {
            LoraRows.AddTo(output, input, (SeededMask?)mask, a, b, (float)scale);
            return;
        }

        using var scope = NewDisposeScope();
        output.addmm_(Small(input, mask, a), Cast(b, output.dtype).t(), 1, (float)scale);
    }

    /// <summary>Adds the gradients of A and B to those they have, and the input's to the target.</summary>
    /// <param name="target">Gradient of the input, [N, in]; null = it is not asked for.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">x, [N, in]; null = A's and B's gradients are not asked for.</param>
    /// <param name="mask">That of the forward pass.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scale">Factor.</param>
    public static void Backward(Tensor? target, Tensor gradient, Tensor? input, DropoutMask? mask, Tensor a, Tensor b, double scale)
    {
        if (LoraRows.Fits(mask, a, b, gradient, target, input))
        {
            LoraRows.Backward(target, gradient, input, (SeededMask?)mask, a, b, (float)scale);
            return;
        }

        using var scope = NewDisposeScope();
        var throughB = gradient.mm(Cast(b, gradient.dtype)).mul_(scale); // [N, r]
        if (input is not null)
        {
            using var dropped = mask?.Applied(input);
            var seen = dropped ?? input;

            // The small product is laid out anew for B's gradient: as a sum over its long side that product took twice as long.
            var small = seen.mm(Cast(a, input.dtype).t()).mul_(scale).t().contiguous(); // [r, N]
            WeightGradient.Add(b, () => small.mm(gradient).t().contiguous());
            WeightGradient.AddProduct(a, throughB, seen);
        }

        var narrow = Cast(a, gradient.dtype);
        if (target is not null && mask is null)
        {
            target.addmm_(throughB, narrow);
        }
        else if (target is not null)
        {
            mask!.AddApplied(target, throughB.mm(narrow));
        }
    }

    private static Tensor Small(Tensor input, DropoutMask? mask, Tensor a)
    {
        using var dropped = mask?.Applied(input);
        return (dropped ?? input).mm(Cast(a, input.dtype).t()); // [N, r]
    }

    private static Tensor Cast(Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to_type(type);
}
