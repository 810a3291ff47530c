using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>A linear layer's products outside the graph.</summary>
internal static class LinearKernel
{
    /// <summary>Whether a layer is a plain product with a weight of its own.</summary>
    public static bool IsPlain(LinearLayer layer) => layer is { Adapter: null, FrozenProduct: null, Transposed: false };

    /// <summary>x Wᵀ + b, [N, in] → [N, out].</summary>
    public static Tensor Forward(LinearLayer layer, Tensor input)
    {
        using var weight = layer.Weight.Value.t();
        return layer.Bias is { } bias ? addmm(bias.Value, input, weight, 1, 1) : input.mm(weight);
    }

    /// <summary>Adds the gradients of weight and bias, and gives (or adds to what is there) the input's [N, in].</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">What went in, [N, in].</param>
    /// <param name="before">Gradient of the same input by other ways, added to in place; null = none.</param>
    public static Tensor Backward(LinearLayer layer, Tensor gradient, Tensor input, Tensor? before = null)
    {
        WeightGradient.AddProduct(layer.Weight, gradient, input);
        WeightGradient.Add(layer.Bias, () => gradient.sum([0L]));
        return before is null ? gradient.mm(layer.Weight.Value) : before.addmm_(gradient, layer.Weight.Value, 1, 1);
    }
}
