using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>A normalisation over the last dimension.</summary>
public interface INormLayer
{
    /// <summary>[..., size] → the same shape and type.</summary>
    Tensor Forward(Tensor input);
}

/// <summary>
/// x / sqrt(mean(x²) + eps) · w, the mean in fp32 whatever the type of x. Gemma's norms store w - 1 and multiply in
/// fp32 before casting back (<paramref name="unitOffset"/>).
/// </summary>
public sealed class RmsNormLayer(ModelParameter weight, double epsilon, bool unitOffset = false) : INormLayer
{
    /// <summary>[size].</summary>
    public ModelParameter Weight { get; } = weight;

    /// <inheritdoc/>
    public Tensor Forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input.dtype == ScalarType.Float32 || input.dtype == ScalarType.Float64 ? input : input.to_type(ScalarType.Float32);
        var normed = x.mul(x.square().mean([-1], keepdim: true).add_(epsilon).rsqrt_());
        Tensor output;
        if (unitOffset)
        {
            output = normed.mul(Weight.As(x.dtype).add(1)).to_type(input.dtype);
        }
        else
        {
            output = normed.to_type(input.dtype).mul(Weight.As(input.dtype));
        }

        return output.MoveToOuterDisposeScope();
    }
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
