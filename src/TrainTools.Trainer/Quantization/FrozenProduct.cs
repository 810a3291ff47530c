using TorchSharp;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Quantization;

/// <summary>The product with a weight that is not trained: forwards, and transposed for the input's gradient.</summary>
public interface IFrozenProduct
{
    /// <summary>[N, in] → [N, out], without bias.</summary>
    Tensor Forward(Tensor input);

    /// <summary>[N, out] → [N, in].</summary>
    Tensor Transposed(Tensor gradient);
}

/// <summary>A weight that is stored with fewer bits and made back into floats for each product, forwards and again backwards, so that at most one layer's weight exists in full.</summary>
public abstract class QuantizedWeight : IFrozenProduct, IDisposable
{
    /// <summary>The weight in floats, [out, in]; the caller owns it.</summary>
    public abstract Tensor Dequantize(ScalarType type = ScalarType.Float32);

    /// <summary>Its tensors under the names of a bitsandbytes checkpoint.</summary>
    /// <param name="name">The weight's name, such as model.layers.0.mlp.up_proj.weight.</param>
    public abstract IEnumerable<SafetensorsItem> Items(string name);

    /// <summary>Bits of a number of the weight, scales included.</summary>
    public abstract double BitsPerParameter { get; }

    /// <inheritdoc/>
    public Tensor Forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var weight = Dequantize(input.dtype);
        return nn.functional.linear(input, weight);
    }

    /// <inheritdoc/>
    public Tensor Transposed(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        using var weight = Dequantize(gradient.dtype);
        return gradient.mm(weight);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the tensors.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>The product with a layer's own weight, cast to the type of the computation where it differs.</summary>
internal sealed class DenseProduct(LinearLayer layer) : IFrozenProduct
{
    public Tensor Forward(Tensor input)
    {
        var weight = layer.Weight.As(input.dtype);
        return nn.functional.linear(input, layer.Transposed ? weight.t() : weight);
    }

    public Tensor Transposed(Tensor gradient)
    {
        var weight = layer.Weight.As(gradient.dtype);
        return gradient.mm(layer.Transposed ? weight.t() : weight);
    }
}

/// <summary>x·Wᵀ for a frozen weight that is made anew for each product (dequantised), so that the graph never holds it.</summary>
internal sealed class FrozenLinearFunction : autograd.SingleTensorFunction<FrozenLinearFunction>
{
    public override string Name => nameof(FrozenLinearFunction);

    /// <summary>[N, in] → [N, out].</summary>
    public static Tensor Apply(IFrozenProduct product, Tensor input)
    {
        using var scope = NewDisposeScope();
        return apply(input, product).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.set_materialize_grads(false);
        ctx.save_data("product", vars[1]);
        return ((IFrozenProduct)vars[1]).Forward((Tensor)vars[0]);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, [grad_output], () =>
        [((IFrozenProduct)ctx.get_data("product")).Transposed(grad_output), null!]);
}
