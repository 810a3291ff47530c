using TorchSharp;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>What takes the place of a linear layer's computation: LoRA and its kin.</summary>
public interface ILinearAdapter
{
    /// <summary>The layer's output with the adapter; <see cref="LinearLayer.BaseForward"/> gives the plain one.</summary>
    Tensor Forward(LinearLayer layer, Tensor input, bool training);
}

/// <summary>y = x Wᵀ + b, with a place for an adapter. The name is Hugging Face's module name.</summary>
public sealed class LinearLayer
{
    internal LinearLayer(string name, ModelParameter weight, ModelParameter? bias, bool transposed)
    {
        Name = name;
        Weight = weight;
        Bias = bias;
        Transposed = transposed;
    }

    /// <summary>Module name, such as model.layers.0.self_attn.q_proj.</summary>
    public string Name { get; }

    /// <summary>[out, in]; [in, out] where <see cref="Transposed"/>.</summary>
    public ModelParameter Weight { get; }

    /// <summary>[out], or null.</summary>
    public ModelParameter? Bias { get; }

    /// <summary>Whether the weight is stored [in, out] (GPT-2's Conv1D; PEFT calls it fan_in_fan_out).</summary>
    public bool Transposed { get; }

    /// <summary>Size of the input.</summary>
    public long InFeatures => Weight.Shape[Transposed ? 0 : 1];

    /// <summary>Size of the output.</summary>
    public long OutFeatures => Weight.Shape[Transposed ? 1 : 0];

    /// <summary>The adapter in force; null = none.</summary>
    public ILinearAdapter? Adapter { get; set; }

    /// <summary>Makes the product in place of the stored tensor (a quantised base); null = the stored tensor. The bias is added by the layer.</summary>
    public IFrozenProduct? FrozenProduct { get; set; }

    /// <summary>[..., in] → [..., out], through the adapter where there is one.</summary>
    public Tensor Forward(Tensor input, bool training) =>
        Adapter is null ? BaseForward(input) : Adapter.Forward(this, input, training);

    /// <summary>[..., in] → [..., out] without the adapter.</summary>
    public Tensor BaseForward(Tensor input)
    {
        var bias = Bias?.As(input.dtype);
        if (FrozenProduct is not null)
        {
            var product = Product(input);
            return bias is null ? product : product.add(bias);
        }

        var weight = Weight.As(input.dtype);
        return nn.functional.linear(input, Transposed ? weight.t() : weight, bias);
    }

    /// <summary>[..., in] → [..., out] without the adapter and without bias.</summary>
    public Tensor Product(Tensor input)
    {
        if (FrozenProduct is not null)
        {
            var flat = input.dim() == 2 ? input : input.flatten(0, -2);
            return FrozenLinearFunction.Apply(FrozenProduct, flat).view([.. input.shape[..^1], OutFeatures]);
        }

        var weight = Weight.As(input.dtype);
        return nn.functional.linear(input, Transposed ? weight.t() : weight);
    }

    /// <summary>The weight as [out, in] in float32: made back into floats where it is quantised. In the caller's scope; it may be the weight itself.</summary>
    internal Tensor Matrix()
    {
        if (FrozenProduct is QuantizedWeight quantized)
        {
            return quantized.Dequantize();
        }

        var weight = Weight.As(ScalarType.Float32);
        return Transposed ? weight.t() : weight;
    }
}
