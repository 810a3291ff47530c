using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// silu(gate) · up and its gradient, outside the graph. On the CPU in one pass over memory each, in the place of what goes in;
/// elsewhere by operators. Results belong to the caller's scope.
/// </summary>
internal static unsafe class GatedKernel
{
    private const int Piece = 1 << 14;

    /// <summary>silu(gate) · up, all [N, I].</summary>
    /// <param name="gate">Gate.</param>
    /// <param name="up">Up; where it is not needed any more, the result takes its place.</param>
    /// <param name="upToo">Whether up is needed afterwards.</param>
    public static Tensor Product(Tensor gate, Tensor up, bool upToo)
    {
        if (!WideKernels.Fit(gate, up))
        {
            return nn.functional.silu(gate).mul_(up);
        }

        var product = upToo ? empty_like(up) : up;
        var from = TensorMemory.Floats(gate);
        var factor = TensorMemory.Floats(up);
        var to = TensorMemory.Floats(product);
        OperatorThreads.ForPieces(gate.numel(), Piece, (start, count) => RowKernel.Gate(from + start, factor + start, to + start, count));
        GC.KeepAlive(gate);
        GC.KeepAlive(up);
        return product;
    }

    /// <summary>The product and the gradients of gate and up; they may take the place of what goes in.</summary>
    /// <param name="gate">Gate, [N, I].</param>
    /// <param name="up">Up, [N, I].</param>
    /// <param name="gradient">Gradient of the product, [N, I].</param>
    public static (Tensor Product, Tensor Gate, Tensor Up) Backward(Tensor gate, Tensor up, Tensor gradient)
    {
        if (!WideKernels.Fit(gate, up, gradient))
        {
            var active = nn.functional.silu(gate);
            var product = active.mul(up);
            var throughUp = active.mul_(gradient);
            return (product, ModelOps.SiluBackward(gradient.mul_(up), gate), throughUp);
        }

        var g = TensorMemory.Floats(gate);
        var u = TensorMemory.Floats(up);
        var d = TensorMemory.Floats(gradient);
        OperatorThreads.ForPieces(gate.numel(), Piece, (start, count) => RowKernel.GateBackward(d + start, g + start, u + start, d + start, count));
        GC.KeepAlive(gate);
        GC.KeepAlive(up);
        GC.KeepAlive(gradient);
        return (gradient, gate, up);
    }
}
