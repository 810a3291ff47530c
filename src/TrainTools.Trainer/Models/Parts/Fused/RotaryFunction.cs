using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// Rotary positions as one node of the graph and one pass over memory, on the CPU. Kept for backward: the tables, which the model
/// keeps anyway; the gradient is turned back by the same angles.
/// </summary>
internal sealed unsafe class RotaryFunction : autograd.SingleTensorFunction<RotaryFunction>
{
    private const int Tokens = 32;

    public override string Name => nameof(RotaryFunction);

    /// <summary>Whether the heads and the tables lie where kernels can read them.</summary>
    public static bool Fits(Tensor x, RotaryTables tables) => WideKernels.Fit(x, tables.Cos, tables.SignedSin);

    /// <summary>Turns the first dimensions of each head: [B, T, heads, D] → the same.</summary>
    public static Tensor Apply(Tensor x, RotaryTables tables)
    {
        using var scope = NewDisposeScope();
        return (is_grad_enabled() && x.requires_grad ? apply(x, tables) : Turned(x, tables, back: false)).MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var tables = (RotaryTables)vars[1];
        ctx.set_materialize_grads(false);

        // Views of their own: the caller's end with its scope. The memory is the model's, or one copy for all layers.
        ctx.save_data("kept", new RotaryTables(tables.Cos.alias().DetachFromDisposeScope(), tables.SignedSin.alias().DetachFromDisposeScope()));
        return Turned((Tensor)vars[0], tables, back: false);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(2, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        var kept = (RotaryTables)ctx.get_data("kept");
        var turned = Turned(grad_output.is_contiguous() ? grad_output : grad_output.contiguous(), kept, back: true);
        kept.Cos.Dispose();
        kept.SignedSin.Dispose();
        return [turned.MoveToOuterDisposeScope(), null!];
    });

    private static Tensor Turned(Tensor x, RotaryTables tables, bool back)
    {
        var output = empty_like(x);
        var (count, heads, size) = (x.shape[1], (int)x.shape[2], (int)x.shape[3]);
        var dimensions = (int)tables.Cos.shape[^1];

        // One table for all sequences, or one for each.
        var places = tables.Cos.shape[0] * tables.Cos.shape[1];
        var from = TensorMemory.Floats(x);
        var to = TensorMemory.Floats(output);
        var cos = TensorMemory.Floats(tables.Cos);
        var sin = TensorMemory.Floats(tables.SignedSin);
        OperatorThreads.ForPieces(x.shape[0] * count, Tokens, (start, length) =>
        {
            for (var token = start; token < start + length; token++)
            {
                var at = token * heads * size;
                new ReadOnlySpan<float>(from + at, heads * size).CopyTo(new Span<float>(to + at, heads * size));
                var angle = token % places * dimensions;
                for (var head = 0; head < heads; head++)
                {
                    var place = to + at + (head * size);
                    if (back)
                    {
                        RotaryKernel.RotateBack(place, cos + angle, sin + angle, dimensions);
                    }
                    else
                    {
                        RotaryKernel.Rotate(place, cos + angle, sin + angle, dimensions);
                    }
                }
            }
        });
        GC.KeepAlive(x);
        GC.KeepAlive(tables);
        return output;
    }
}
