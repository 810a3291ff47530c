using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// y = x·Wᵀ + b + scale · ((x ⊙ mask)·Aᵀ)·Bᵀ as one node of the graph. The adapter's share is added in place, and nothing of W's
/// size is made; W and b get no gradient, those of A and B are added where they belong at once. Kept for backward: x, which
/// the layers of one input share, and a mask that cannot be made again. The formula is <see cref="LoraKernel"/>'s.
/// </summary>
internal sealed class LoraFunction : autograd.SingleTensorFunction<LoraFunction>
{
    private const int Inputs = 7;

    public override string Name => nameof(LoraFunction);

    /// <summary>Applies it.</summary>
    /// <param name="product">x·Wᵀ.</param>
    /// <param name="input">x, [N, in].</param>
    /// <param name="mask">What dropout lets through; null = no dropout. The survivors' factor belongs to the scale.</param>
    /// <param name="a">[r, in], a leaf of the graph, as B is.</param>
    /// <param name="b">[out, r].</param>
    /// <param name="bias">[out], or null; it gets no gradient.</param>
    /// <param name="scale">Factor of the adapter's share.</param>
    public static Tensor Apply(IFrozenProduct product, Tensor input, DropoutMask? mask, Tensor a, Tensor b, Tensor? bias, double scale)
    {
        // TorchSharp keeps an empty tensor of the output's size for every custom node, in the scope of the call: freed here.
        using var scope = NewDisposeScope();
        return apply(input, mask!, a, b, bias!, scale, product).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, mask, a, b) = ((Tensor)vars[0], (DropoutMask?)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
        var scale = (double)vars[5];
        var product = (IFrozenProduct)vars[6];
        using var scope = NewDisposeScope();
        var output = product.Forward(input); // [N, out]
        LoraKernel.AddTo(output, input, mask, a, b, scale);
        if (vars[4] is Tensor bias)
        {
            output.add_(bias);
        }

        ctx.set_materialize_grads(false);
        var drawn = mask as DrawnMask;
        ctx.save_for_backward(drawn is null ? [input, a, b] : [input, a, b, drawn.Kept]);
        ctx.save_data("call", new Call(product, drawn is null ? mask : null, scale, input.requires_grad));
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(Inputs, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var call = (Call)ctx.get_data("call");
        var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();
        var target = call.InputGradient ? call.Product.Transposed(gradient) : null; // [N, in]
        LoraKernel.Backward(target, gradient, saved[0], saved.Count > 3 ? new DrawnMask(saved[3]) : call.Mask, saved[1], saved[2], call.Scale);
        return [target?.MoveToOuterDisposeScope()!, null!, null!, null!, null!, null!, null!];
    });

    private sealed record Call(IFrozenProduct Product, DropoutMask? Mask, double Scale, bool InputGradient);
}
