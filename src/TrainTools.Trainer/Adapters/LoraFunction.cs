using TorchSharp;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// y = x·Wᵀ + b + scale · ((x ⊙ mask)·Aᵀ)·Bᵀ as one node of the graph. The small products come first, the adapter's share is
/// added in place, and nothing of W's size is made; W and b get no gradient. Kept for backward: x (which the layers of one
/// input share), the mask of dropout as one byte a number, A, B and the small product [N, r]. A and B may be kept in a wider
/// type than the computation's: they are cast, and their gradients come in their own type, as under autocast.
/// </summary>
internal sealed class LoraFunction : autograd.SingleTensorFunction<LoraFunction>
{
    private const int Inputs = 7;

    public override string Name => nameof(LoraFunction);

    /// <summary>Applies it.</summary>
    /// <param name="product">x·Wᵀ.</param>
    /// <param name="input">x, [N, in].</param>
    /// <param name="mask">Bool [N, in], false where dropout takes x away; null = no dropout. The survivors' factor belongs to the scale.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="bias">[out], or null; it gets no gradient.</param>
    /// <param name="scale">Factor of the adapter's share.</param>
    public static Tensor Apply(IFrozenProduct product, Tensor input, Tensor? mask, Tensor a, Tensor b, Tensor? bias, double scale)
    {
        // TorchSharp keeps an empty tensor of the output's size for every custom node, in the scope of the call: freed here.
        using var scope = NewDisposeScope();
        return apply(input, mask!, a, b, bias!, scale, product).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, mask, a, b) = ((Tensor)vars[0], (Tensor?)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
        var scale = (double)vars[5];
        var product = (IFrozenProduct)vars[6];
        using var scope = NewDisposeScope();
        Tensor small; // [N, r]
        using (var dropped = mask is null ? null : input.mul(mask))
        {
            small = nn.functional.linear(dropped ?? input, Cast(a, input.dtype));
        }

        var output = product.Forward(input); // [N, out]
        output = output.addmm_(small, Cast(b, input.dtype).t(), 1, (float)scale);
        if (vars[4] is Tensor bias)
        {
            output = output.add_(bias);
        }

        ctx.set_materialize_grads(false);
        ctx.save_for_backward(mask is null ? [input, a, b, small] : [input, a, b, small, mask]);
        ctx.save_data("product", product);
        ctx.save_data("scale", scale);
        ctx.save_data("input_gradient", input.requires_grad);
        small.MoveToOuterDisposeScope(); // it is saved after this returns
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(Inputs, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (input, a, b, small) = (saved[0], saved[1], saved[2], saved[3]);
        var mask = saved.Count > 4 ? saved[4] : null;
        var scale = (double)ctx.get_data("scale");
        var product = (IFrozenProduct)ctx.get_data("product");
        var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();

        var throughB = gradient.mm(Cast(b, gradient.dtype)).mul_(scale); // [N, r]
        var gradientB = gradient.t().mm(small).mul_(scale); // [out, r]
        Tensor gradientA; // [r, in]
        using (var dropped = mask is null ? null : input.mul(mask))
        {
            gradientA = throughB.t().mm(dropped ?? input);
        }

        Tensor? gradientInput = null; // [N, in]
        if ((bool)ctx.get_data("input_gradient"))
        {
            gradientInput = product.Transposed(gradient);
            var narrow = Cast(a, gradient.dtype);
            gradientInput = mask is null ? gradientInput.addmm_(throughB, narrow) : gradientInput.add_(throughB.mm(narrow).mul_(mask));
        }

        List<Tensor> gradients = [gradientInput!, null!, Cast(gradientA, a.dtype), Cast(gradientB, b.dtype), null!, null!, null!];
        foreach (var tensor in gradients)
        {
            tensor?.MoveToOuterDisposeScope();
        }

        return gradients;
    });

    private static Tensor Cast(Tensor tensor, ScalarType type) => tensor.dtype == type ? tensor : tensor.to_type(type);
}
