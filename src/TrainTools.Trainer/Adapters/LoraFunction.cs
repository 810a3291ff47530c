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
        return (is_grad_enabled() ? apply(input, mask!, a, b, bias!, scale, product) : Compute(product, input, mask, a, b, bias, scale)).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (input, mask, a, b) = ((Tensor)vars[0], (DropoutMask?)vars[1], (Tensor)vars[2], (Tensor)vars[3]);
        var scale = (double)vars[5];
        var product = (IFrozenProduct)vars[6];
        using var scope = NewDisposeScope();
        var output = Compute(product, input, mask, a, b, (Tensor?)vars[4], scale);
        ctx.set_materialize_grads(false);

        // Not by save_for_backward: what is saved there lives until the managed side of the graph has been collected.
        ctx.save_data("kept", new Kept(product, Own(input), mask is DrawnMask drawn ? new DrawnMask(Own(drawn.Kept)) : mask, a, b, scale, input.requires_grad));
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(Inputs, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        using var kept = (Kept)ctx.get_data("kept");
        var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();
        var target = kept.InputGradient ? kept.Product.Transposed(gradient) : null; // [N, in]
        LoraKernel.Backward(target, gradient, kept.Input, kept.Mask, kept.A, kept.B, kept.Scale);
        return [target?.MoveToOuterDisposeScope()!, null!, null!, null!, null!, null!, null!];
    });

    private static Tensor Compute(IFrozenProduct product, Tensor input, DropoutMask? mask, Tensor a, Tensor b, Tensor? bias, double scale)
    {
        var output = product.Forward(input); // [N, out]
        LoraKernel.AddTo(output, input, mask, a, b, scale);
        return bias is null ? output : output.add_(bias);
    }

    private static Tensor Own(Tensor tensor) => tensor.detach().DetachFromDisposeScope();

    /// <summary>What backward needs; A and B are the adapter's. The other tensors belong to no scope: they go once they have been used.</summary>
    private sealed record Kept(IFrozenProduct Product, Tensor Input, DropoutMask? Mask, Tensor A, Tensor B, double Scale, bool InputGradient) : IDisposable
    {
        public void Dispose()
        {
            Input.Dispose();
            (Mask as DrawnMask)?.Kept.Dispose();
        }
    }
}
