using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// y = x·Wᵀ + b + scale · (d·Aᵀ)·Bᵀ as one node of the graph, d being x or x after dropout. The small products come first, the
/// adapter's share is added in place, and nothing of W's size is made; W and b get no gradient. Kept for backward: d, A, B
/// and d·Aᵀ [N, r].
/// </summary>
internal sealed class LoraFunction : autograd.SingleTensorFunction<LoraFunction>
{
    private const int Inputs = 7;

    public override string Name => nameof(LoraFunction);

    /// <summary>Applies it. Dropped is null where there is no dropout.</summary>
    public static Tensor Apply(IFrozenProduct product, Tensor input, Tensor? dropped, Tensor a, Tensor b, Tensor? bias, double scale)
    {
        // TorchSharp keeps an empty tensor of the output's size for every custom node, in the scope of the call: freed here.
        using var scope = NewDisposeScope();
        return apply(input, dropped!, a, b, bias!, scale, product).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, dropped, a, b) = ((Tensor)vars[0], (Tensor?)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
        var scale = (double)vars[5];
        var product = (IFrozenProduct)vars[6];
        using var scope = NewDisposeScope();
        var adapted = dropped ?? input;
        var small = nn.functional.linear(adapted, a); // [N, r]
        var output = product.Forward(input); // [N, out]
        output = output.addmm_(small, b.t(), 1, (float)scale);
        if (vars[4] is Tensor bias)
        {
            output = output.add_(bias);
        }

        ctx.set_materialize_grads(false);
        ctx.save_for_backward([adapted, a, b, small]);
        ctx.save_data("product", product);
        ctx.save_data("scale", scale);
        ctx.save_data("dropped", dropped is not null);
        ctx.save_data("input_gradient", input.requires_grad);
        small.MoveToOuterDisposeScope(); // it is saved after this returns
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(Inputs, () =>
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (adapted, a, b, small) = (saved[0], saved[1], saved[2], saved[3]);
        var scale = (double)ctx.get_data("scale");
        var dropped = (bool)ctx.get_data("dropped");
        var product = (IFrozenProduct)ctx.get_data("product");
        var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();

        var throughB = gradient.mm(b).mul_(scale); // [N, r]
        var gradientA = throughB.t().mm(adapted); // [r, in]
        var gradientB = gradient.t().mm(small).mul_(scale); // [out, r]
        Tensor? gradientInput = null;
        Tensor? gradientDropped = null;
        if ((bool)ctx.get_data("input_gradient"))
        {
            gradientInput = product.Transposed(gradient); // [N, in]
            if (!dropped)
            {
                gradientInput = gradientInput.addmm_(throughB, a);
            }
        }

        if (dropped)
        {
            gradientDropped = throughB.mm(a);
        }

        List<Tensor> gradients = [gradientInput!, gradientDropped!, gradientA, gradientB, null!, null!, null!];
        foreach (var tensor in gradients)
        {
            tensor?.MoveToOuterDisposeScope();
        }

        return gradients;
    });
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

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, () =>
        [((IFrozenProduct)ctx.get_data("product")).Transposed(grad_output), null!]);
}
