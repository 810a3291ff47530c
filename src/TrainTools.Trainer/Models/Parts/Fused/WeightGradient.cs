using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// Adds gradients straight into the parameters': the product accumulates where it is made, instead of in a tensor of the
/// parameter's size that is then added.
/// </summary>
internal static class WeightGradient
{
    /// <summary>weight.grad += scale · outputᵀ · input. A parameter that is not trained is left alone.</summary>
    /// <param name="weight">[out, in], float32.</param>
    /// <param name="output">Gradient of the output, [N, out].</param>
    /// <param name="input">[N, in].</param>
    /// <param name="scale">Factor.</param>
    public static void AddProduct(Tensor weight, Tensor output, Tensor input, double scale = 1)
    {
        if (!weight.requires_grad)
        {
            return;
        }

        using var transposed = output.t();
        using var before = weight.grad;
        if (before is not null && before.dtype == output.dtype)
        {
            before.addmm_(transposed, input, 1, (float)scale);
            return;
        }

        using var product = transposed.mm(input);
        if (scale != 1)
        {
            product.mul_(scale);
        }

        Put(weight, before, product);
    }

    /// <summary>parameter.grad += gradient.</summary>
    public static void Add(Tensor? parameter, Func<Tensor> gradient)
    {
        if (parameter is not { requires_grad: true } value)
        {
            return;
        }

        using var before = value.grad;
        using var made = gradient();
        Put(value, before, made);
    }

    /// <summary>The memory of a parameter's gradient: what is there (to add to), or a new tensor that holds nothing yet. In the caller's scope.</summary>
    public static Tensor Room(Tensor parameter, out bool adds)
    {
        if (parameter.grad is { } before)
        {
            adds = true;
            return before;
        }

        adds = false;
        var made = empty(parameter.shape, parameter.dtype, parameter.device);
        parameter.grad = made;
        return made;
    }

    private static void Put(Tensor parameter, Tensor? before, Tensor gradient)
    {
        if (before is not null)
        {
            before.add_(gradient);
        }
        else if (gradient.dtype == parameter.dtype)
        {
            parameter.grad = gradient;
        }
        else
        {
            using var cast = gradient.to_type(parameter.dtype);
            parameter.grad = cast;
        }
    }
}
