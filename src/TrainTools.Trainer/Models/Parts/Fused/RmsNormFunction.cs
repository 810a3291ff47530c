using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>RMSNorm as one node of the graph. Kept for backward: the input and one number a row.</summary>
internal sealed class RmsNormFunction : autograd.SingleTensorFunction<RmsNormFunction>
{
    public override string Name => nameof(RmsNormFunction);

    /// <summary>[..., H] → [..., H].</summary>
    public static Tensor Apply(Tensor input, Tensor weight, double epsilon)
    {
        using var scope = NewDisposeScope();
        var rows = input.dim() == 2 ? input : input.reshape(-1, input.shape[^1]);
        var output = apply(rows, weight, epsilon);
        return (input.dim() == 2 ? output : output.view(input.shape)).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, weight) = ((Tensor)vars[0], (Tensor)vars[1]);
        using var scope = NewDisposeScope();
        var inverse = RmsNormKernel.Inverse(x, (double)vars[2]);
        ctx.set_materialize_grads(false);
        ctx.save_for_backward([x, weight, inverse]);
        ctx.save_data("weight_gradient", weight.requires_grad);
        inverse.MoveToOuterDisposeScope(); // it is saved after this returns
        return RmsNormKernel.Apply(x, inverse, weight).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(3, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        var saved = ctx.get_saved_variables();
        var (input, weight) = RmsNormKernel.Backward(grad_output, saved[0], saved[2], saved[1], (bool)ctx.get_data("weight_gradient"));
        return [input.MoveToOuterDisposeScope(), weight?.MoveToOuterDisposeScope()!, null!];
    });
}
