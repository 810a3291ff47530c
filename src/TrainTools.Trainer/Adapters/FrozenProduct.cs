using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>The product with a weight that is not trained: forwards, and transposed for the input's gradient.</summary>
public interface IFrozenProduct
{
    /// <summary>[N, in] → [N, out], without bias.</summary>
    Tensor Forward(Tensor input);

    /// <summary>[N, out] → [N, in].</summary>
    Tensor Transposed(Tensor gradient);
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
