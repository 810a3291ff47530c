using TorchSharp;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>A normalisation over the last dimension.</summary>
public interface INormLayer
{
    /// <summary>[..., size] → the same shape and type.</summary>
    Tensor Forward(Tensor input);
}

/// <summary>Where an RMSNorm multiplies by its weight; the styles differ below fp32 only, and in what the weight means.</summary>
public enum RmsNormStyle
{
    /// <summary>Cast back, then multiply (Llama).</summary>
    CastThenScale,

    /// <summary>Multiply in fp32, then cast back (OLMo-2).</summary>
    ScaleThenCast,

    /// <summary>Multiply by one plus the weight in fp32, then cast back (Gemma).</summary>
    OffsetThenCast,
}

/// <summary>x / sqrt(mean(x²) + eps) · w, the mean in fp32 whatever the type of x.</summary>
public sealed class RmsNormLayer(ModelParameter weight, double epsilon, RmsNormStyle style = RmsNormStyle.CastThenScale) : INormLayer
{
    /// <summary>[size].</summary>
    public ModelParameter Weight { get; } = weight;

    /// <summary>Added to the mean square.</summary>
    public double Epsilon { get; } = epsilon;

    /// <summary>Where the weight comes in.</summary>
    public RmsNormStyle Style { get; } = style;

    /// <inheritdoc/>
    public Tensor Forward(Tensor input)
    {
        if (input.dtype == ScalarType.Float32 && Weight.Value.dtype == ScalarType.Float32 && Style != RmsNormStyle.OffsetThenCast)
        {
            // In fp32 the two styles are one.
            return is_grad_enabled() && (input.requires_grad || Weight.Value.requires_grad) ? RmsNormFunction.Apply(input, Weight.Value, Epsilon) : RmsNormKernel.Forward(input, Weight.Value, Epsilon);
        }

        using var scope = NewDisposeScope();
        var wide = input.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var x = input.dtype == wide ? input : input.to_type(wide);
        var normed = x.mul(x.square().mean([-1], keepdim: true).add_(Epsilon).rsqrt_());
        var output = Style switch
        {
            RmsNormStyle.CastThenScale => Cast(normed, input.dtype).mul(Weight.As(input.dtype)),
            RmsNormStyle.ScaleThenCast => Cast(normed.mul(Weight.As(wide)), input.dtype),
            _ => Cast(normed.mul(Weight.As(wide).add(1)), input.dtype),
        };
        return output.MoveToOuterDisposeScope();
    }

    private static Tensor Cast(Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to_type(type);
}

/// <summary>(x - mean) / sqrt(var + eps) · w + b.</summary>
public sealed class LayerNormLayer(ModelParameter weight, ModelParameter? bias, double epsilon) : INormLayer
{
    /// <summary>[size].</summary>
    public ModelParameter Weight { get; } = weight;

    /// <summary>[size], or null.</summary>
    public ModelParameter? Bias { get; } = bias;

    /// <inheritdoc/>
    public Tensor Forward(Tensor input) =>
        nn.functional.layer_norm(input, [Weight.Shape[0]], Weight.As(input.dtype), Bias?.As(input.dtype), epsilon);
}
