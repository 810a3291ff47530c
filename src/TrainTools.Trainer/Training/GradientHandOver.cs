using TorchSharp;
using TrainTools.Trainer.Adapters;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Goes on with a backward pass from a gradient that is there already. A tensor's own backward would keep the tensor and its gradient
/// until the whole pass is over, beside all the activations: here both are let go of as soon as the graph has them.
/// </summary>
internal sealed class GradientHandOver : autograd.SingleTensorFunction<GradientHandOver>
{
    public override string Name => nameof(GradientHandOver);

    /// <summary>The backward pass of what made the output.</summary>
    /// <param name="output">In the graph, or made of nothing that is trained; it is disposed.</param>
    /// <param name="gradient">Its gradient, of the same shape; it is disposed.</param>
    public static void Backward(Tensor output, Tensor gradient)
    {
        if (!output.requires_grad)
        {
            // Nothing below is trained: the gradient is for nobody.
            output.Dispose();
            gradient.Dispose();
            return;
        }

        using var scope = NewDisposeScope();
        var end = apply(output, new Handed(gradient.DetachFromDisposeScope()));
        output.Dispose();
        end.backward();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data("gradient", vars[1]);
        return zeros(1, device: ((Tensor)vars[0]).device);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        AutogradGuard.Run(2, () => [((Handed)ctx.get_data("gradient")).Gradient, null!]);

    private sealed record Handed(Tensor Gradient);
}
