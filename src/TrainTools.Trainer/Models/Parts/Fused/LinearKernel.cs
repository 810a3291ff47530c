using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// An adapter whose share can be computed outside the graph, as part of a larger node: nothing of it is kept, backward makes
/// what it needs again from the layer's input.
/// </summary>
internal interface IFusedAdapter : ILinearAdapter
{
    /// <summary>Whether it drops some of the input in training.</summary>
    bool HasDropout { get; }

    /// <summary>Whether that holds for what it does now.</summary>
    /// <param name="training">Whether dropout is on.</param>
    /// <param name="device">Where it is computed.</param>
    bool Fuses(bool training, Device device);

    /// <summary>What dropout lets through, the same for the same seed; null where there is no dropout.</summary>
    DropoutMask? Mask(ulong seed);

    /// <summary>output += scale · ((x ⊙ mask)·Aᵀ)·Bᵀ.</summary>
    /// <param name="output">[N, out].</param>
    /// <param name="input">x, [N, in].</param>
    /// <param name="mask">What dropout lets through; null = everything.</param>
    void AddTo(Tensor output, Tensor input, DropoutMask? mask);

    /// <summary>Adds the gradients of the adapter's tensors where they belong, and the input's to the target.</summary>
    /// <param name="target">Gradient of the input, [N, in]; null = it is not asked for.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">x, [N, in]; null = the gradients of the adapter's tensors are not asked for.</param>
    /// <param name="mask">What dropout lets through; null = everything.</param>
    void Backward(Tensor? target, Tensor gradient, Tensor? input, DropoutMask? mask);
}

/// <summary>A linear layer's products outside the graph, with its adapter and its quantised weight where it has them.</summary>
internal static class LinearKernel
{
    /// <summary>Whether a layer is a plain product with a weight of its own.</summary>
    public static bool IsPlain(LinearLayer layer) => layer is { Adapter: null, FrozenProduct: null, Transposed: false };

    /// <summary>Whether a layer can be computed here: plain or quantised, without adapter or with one that can be.</summary>
    public static bool Fits(LinearLayer layer, bool training, Device device) =>
        !layer.Transposed && (layer.FrozenProduct is not null || layer.Weight.Value.dtype == ScalarType.Float32)
        && (layer.Adapter is null || (layer.Adapter is IFusedAdapter adapter && adapter.Fuses(training, device)));

    /// <summary>Whether the layer's weight is trained.</summary>
    public static bool IsTrained(LinearLayer layer) => layer.FrozenProduct is null && layer.Weight.Value.requires_grad;

    /// <summary>Whether each product makes the weight anew, so that few products are better than many.</summary>
    public static bool IsQuantized(LinearLayer layer) => layer.FrozenProduct is not null;

    /// <summary>A seed for the masks of one pass through a layer, drawn from libtorch's generator; null where there is no dropout.</summary>
    public static ulong? DropoutSeed(bool training, params ReadOnlySpan<LinearLayer> layers)
    {
        foreach (var layer in layers)
        {
            if (training && layer.Adapter is IFusedAdapter { HasDropout: true })
            {
                return DrawnSeed();
            }
        }

        return null;
    }

    /// <summary>A seed drawn from libtorch's generator.</summary>
    public static ulong DrawnSeed()
    {
        using var drawn = empty([1], ScalarType.Int64).random_(0, 1L << 53);
        return (ulong)drawn.item<long>();
    }

    /// <summary>What dropout lets through to a layer's adapter; null = everything.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="seed">The pass's seed; null = no dropout.</param>
    /// <param name="place">The layer's place in the pass: each has masks of its own.</param>
    public static DropoutMask? Mask(LinearLayer layer, ulong? seed, int place) =>
        seed is { } value ? (layer.Adapter as IFusedAdapter)?.Mask(unchecked(value + (ulong)place)) : null;

    /// <summary>x Wᵀ + b and the adapter's share, [N, in] → [N, out].</summary>
    public static Tensor Forward(LinearLayer layer, Tensor input, DropoutMask? mask = null)
    {
        if (layer.FrozenProduct is { } product)
        {
            return Completed(product.Forward(input), layer, input, mask);
        }

        using var weight = layer.Weight.Value.t();
        return Completed(input.mm(weight), layer, input, mask);
    }

    /// <summary>The same, written into what is given, [N, out].</summary>
    public static void ForwardInto(Tensor output, LinearLayer layer, Tensor input, DropoutMask? mask = null)
    {
        if (layer.FrozenProduct is { } product)
        {
            using var made = product.Forward(input);
            output.copy_(made);
        }
        else
        {
            using var weight = layer.Weight.Value.t();
            output.addmm_(input, weight, 0, 1);
        }

        Completed(output, layer, input, mask);
    }

    /// <summary>Gradient of the input, [N, in], alone.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="mask">The mask of the forward pass.</param>
    public static Tensor InputGradient(LinearLayer layer, Tensor gradient, DropoutMask? mask)
    {
        var target = layer.FrozenProduct is { } product ? product.Transposed(gradient) : gradient.mm(layer.Weight.Value);
        (layer.Adapter as IFusedAdapter)?.Backward(target, gradient, null, mask);
        return target;
    }

    /// <summary>Adds the gradients of weight, bias and adapter alone.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">What went in, [N, in].</param>
    /// <param name="mask">The mask of the forward pass.</param>
    public static void ParameterGradients(LinearLayer layer, Tensor gradient, Tensor input, DropoutMask? mask)
    {
        AddParameterGradients(layer, gradient, input);
        (layer.Adapter as IFusedAdapter)?.Backward(null, gradient, input, mask);
    }

    /// <summary>Adds the gradients of weight, bias and adapter, and writes the input's into what is given, or adds it.</summary>
    /// <param name="target">Gradient of the input, [N, in].</param>
    /// <param name="layer">The layer.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">What went in, [N, in].</param>
    /// <param name="adds">Whether it is added.</param>
    /// <param name="mask">The mask of the forward pass.</param>
    public static void BackwardInto(Tensor target, LinearLayer layer, Tensor gradient, Tensor input, bool adds, DropoutMask? mask = null)
    {
        AddParameterGradients(layer, gradient, input);
        if (layer.FrozenProduct is { } product)
        {
            using var through = product.Transposed(gradient);
            _ = adds ? target.add_(through) : target.copy_(through);
        }
        else
        {
            target.addmm_(gradient, layer.Weight.Value, adds ? 1 : 0, 1);
        }

        (layer.Adapter as IFusedAdapter)?.Backward(target, gradient, input, mask);
    }

    private static Tensor Completed(Tensor output, LinearLayer layer, Tensor input, DropoutMask? mask)
    {
        if (layer.Bias is { } bias)
        {
            output.add_(bias.Value);
        }

        (layer.Adapter as IFusedAdapter)?.AddTo(output, input, mask);
        return output;
    }

    private static void AddParameterGradients(LinearLayer layer, Tensor gradient, Tensor input)
    {
        if (layer.FrozenProduct is null)
        {
            WeightGradient.AddProduct(layer.Weight.Value, gradient, input);
        }

        WeightGradient.Add(layer.Bias?.Value, () => gradient.sum([0L]));
    }
}
