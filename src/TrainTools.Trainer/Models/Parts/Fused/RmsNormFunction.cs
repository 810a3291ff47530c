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
        var output = RmsNormKernel.Apply(x, inverse, weight);

        // Not by save_for_backward: what is saved there lives until the whole graph is gone.
        ctx.save_data("kept", new Kept(x.detach().DetachFromDisposeScope(), inverse.DetachFromDisposeScope(), weight));
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(3, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        using var kept = (Kept)ctx.get_data("kept");
        var (input, weight) = RmsNormKernel.Backward(grad_output, kept.Input, kept.Inverse, kept.Weight, kept.Weight.requires_grad);
        return [input.MoveToOuterDisposeScope(), weight?.MoveToOuterDisposeScope()!, null!];
    });

    /// <summary>What backward needs; the weight is the model's.</summary>
    private sealed record Kept(Tensor Input, Tensor Inverse, Tensor Weight) : IDisposable
    {
        public void Dispose()
        {
            Input.Dispose();
            Inverse.Dispose();
        }
    }
}
