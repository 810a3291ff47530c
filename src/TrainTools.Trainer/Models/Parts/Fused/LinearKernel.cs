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

    /// <summary>Adds the gradients of weight and bias, and gives the input's [N, in].</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">What went in, [N, in].</param>
    public static Tensor Backward(LinearLayer layer, Tensor gradient, Tensor input)
    {
        AddParameterGradients(layer, gradient, input);
        return gradient.mm(layer.Weight.Value);
    }

    /// <summary>The same, the input's gradient written into (or added to) what is given.</summary>
    /// <param name="target">Gradient of the input, [N, in].</param>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">What went in, [N, in].</param>
    /// <param name="adds">Whether it is added.</param>
    public static void BackwardInto(Tensor target, LinearLayer layer, Tensor gradient, Tensor input, bool adds)
    {
        AddParameterGradients(layer, gradient, input);
        target.addmm_(gradient, layer.Weight.Value, adds ? 1 : 0, 1);
    }

    private static void AddParameterGradients(LinearLayer layer, Tensor gradient, Tensor input)
    {
        WeightGradient.AddProduct(layer.Weight, gradient, input);
        WeightGradient.Add(layer.Bias, () => gradient.sum([0L]));
    }
}
