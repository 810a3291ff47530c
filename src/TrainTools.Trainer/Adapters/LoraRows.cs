using System.Runtime.Intrinsics;
using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// <see cref="LoraKernel"/>'s formulas on the CPU, some rows at a time: the small product, what dropout lets through and what is added
/// are in the processor's cache while they are needed, so that each large matrix is read once and none is made. Sums over rows
/// are in an order that the number of rows gives: bits do not depend on the number of threads.
/// </summary>
internal static unsafe class LoraRows
{
    private const int Block = 32;
    private const int Columns = 128;
    private const int LargestRank = 64;

    // Sums over rows are made in parts, as many as the rows ask for, whatever the threads.
    private const int PartRows = 4 * Block;
    private const int MostParts = 32;

    /// <summary>Whether these tensors can go this way; without vectors of 512 bits the library's products are faster.</summary>
    /// <param name="mask">What dropout lets through; null = everything.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="rows">[N, …], in or out.</param>
    /// <param name="others">More of N rows; null = one that is not asked for.</param>
    public static bool Fits(DropoutMask? mask, Tensor a, Tensor b, Tensor rows, params ReadOnlySpan<Tensor?> others) =>
        Vector512.IsHardwareAccelerated && rows.shape[0] >= Block && a.shape[0] <= LargestRank
        && mask is null or SeededMask && WideKernels.Fit(rows, a, b) && WideKernels.Fit(others);

    /// <summary>output += scale · ((x ⊙ mask)·Aᵀ)·Bᵀ.</summary>
    /// <param name="output">[N, out].</param>
    /// <param name="input">x, [N, in].</param>
    /// <param name="mask">What dropout lets through; null = everything.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scale">Factor.</param>
    public static void AddTo(Tensor output, Tensor input, SeededMask? mask, Tensor a, Tensor b, float scale)
    {
        using var scope = NewDisposeScope();
        var (rank, width, outputs) = ((int)a.shape[0], (int)a.shape[1], (int)b.shape[0]);
        var padded = Scratch.Lines(rank);
        var down = TensorMemory.Floats(Transposed(a, padded)); // Aᵀ, [in, padded]
        var up = TensorMemory.Floats(Transposed(b, outputs)); // Bᵀ, [r, out]
        var from = TensorMemory.Floats(input);
        var to = TensorMemory.Floats(output);
        OperatorThreads.ForPieces(input.shape[0], Block, (row, rows) =>
        {
            var small = Scratch.Room((Block * padded) + (Block * width));
            var seen = Seen(mask, row, rows, from + (row * width), width, small + (Block * padded));
            MatrixKernel.Multiply(seen, width, 1, down, padded, small, padded, rows, padded, width, adds: false);
            RowKernel.Scale(small, scale, small, rows * padded);
            MatrixKernel.Multiply(small, padded, 1, up, outputs, to + (row * outputs), outputs, rows, outputs, rank, adds: true);
        });
        GC.KeepAlive(input);
        GC.KeepAlive(output);
    }

    /// <summary>Adds the gradients of A and B to those they have, and the input's to the target.</summary>
    /// <param name="target">Gradient of the input, [N, in]; null = it is not asked for.</param>
    /// <param name="gradient">Gradient of the output, [N, out].</param>
    /// <param name="input">x, [N, in]; null = A's and B's gradients are not asked for.</param>
    /// <param name="mask">That of the forward pass.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    /// <param name="scale">Factor.</param>
    public static void Backward(Tensor? target, Tensor gradient, Tensor? input, SeededMask? mask, Tensor a, Tensor b, float scale)
    {
        using var scope = NewDisposeScope();
        var (rank, width, outputs) = ((int)a.shape[0], (int)a.shape[1], (int)b.shape[0]);
        var (count, padded) = (gradient.shape[0], Scratch.Lines(rank));
        var partRows = Math.Max(PartRows, (int)((count + MostParts - 1) / MostParts));
        var parts = (count + partRows - 1) / partRows;
        var down = input is null ? null : TensorMemory.Floats(Transposed(a, padded)); // Aᵀ, [in, padded]
        var narrow = TensorMemory.Floats(a);
        var wide = TensorMemory.Floats(Padded(b, padded)); // B, [out, padded]
        var sent = TensorMemory.Floats(gradient);
        var from = input is null ? null : TensorMemory.Floats(input);
        var to = target is null ? null : TensorMemory.Floats(target);
        var partsA = input is null ? null : Scratch.LoopRoom(parts * rank * (width + outputs)); // [parts, r, in]
        var partsB = partsA + (parts * rank * width); // [parts, r, out]
        OperatorThreads.ForPieces(count, partRows, (first, length) =>
        {
            var through = Scratch.Room((2 * Block * padded) + (2 * Block * width));
            var small = through + (Block * padded);
            var room = small + (Block * padded);
            var passed = room + (Block * width);
            var part = first / partRows;
            for (var row = first; row < first + length; row += Block)
            {
                var rows = (int)Math.Min(Block, first + length - row);
                var back = sent + (row * outputs);
                MatrixKernel.Multiply(back, outputs, 1, wide, padded, through, padded, rows, padded, outputs, adds: false);
                RowKernel.Scale(through, scale, through, rows * padded);
                if (to is not null)
                {
                    var adds = mask is null;
                    MatrixKernel.Multiply(through, padded, 1, narrow, width, adds ? to + (row * width) : passed, width, rows, width, rank, adds);
                }

                var seen = from is null ? null : from + (row * width);
                mask?.Select(row, (long)rows * width, seen, room, passed, to is null ? null : to + (row * width));
                if (from is null)
                {
                    continue;
                }

                seen = mask is null ? seen : room;
                MatrixKernel.Multiply(seen, width, 1, down, padded, small, padded, rows, padded, width, adds: false);
                RowKernel.Scale(small, scale, small, rows * padded);
                MatrixKernel.Multiply(through, 1, padded, seen, width, partsA + (part * rank * width), width, rank, width, rows, adds: row > first);
                MatrixKernel.Multiply(small, 1, padded, back, outputs, partsB + (part * rank * outputs), outputs, rank, outputs, rows, adds: row > first);
            }
        });
        if (input is not null)
        {
            AddParts(a, partsA, parts, rank, width, across: false);
            AddParts(b, partsB, parts, rank, outputs, across: true);
        }

        GC.KeepAlive(target);
        GC.KeepAlive(gradient);
        GC.KeepAlive(input);
    }

    // parameter.grad [r, columns] (or across, [columns, r]) += the parts' sum, in their order.
    private static void AddParts(Tensor parameter, float* parts, long count, int rank, int columns, bool across)
    {
        if (!parameter.requires_grad)
        {
            return;
        }

        var room = WeightGradient.Room(parameter, out var adds);
        var sum = TensorMemory.Floats(room);
        OperatorThreads.ForPieces(columns, Columns, (first, length) =>
        {
            for (var i = 0; i < rank; i++)
            {
                var total = parts + ((long)i * columns) + first;
                for (var part = 1L; part < count; part++)
                {
                    RowKernel.Add(total + (part * rank * columns), total, length);
                }

                var to = across ? sum + (first * rank) + i : sum + ((long)i * columns) + first;
                nint step = across ? rank : 1;
                for (var j = 0; j < length; j++)
                {
                    to[j * step] = adds ? to[j * step] + total[j] : total[j];
                }
            }
        });
        GC.KeepAlive(room);
    }

    private static float* Seen(SeededMask? mask, long row, int rows, float* from, int width, float* room)
    {
        if (mask is null)
        {
            return from;
        }

        mask.Select(row, (long)rows * width, from, room, null, null);
        return room;
    }

    // xᵀ with rows of that length; what is beyond is zero.
    private static Tensor Transposed(Tensor x, int row)
    {
        var (rows, columns) = ((int)x.shape[0], (int)x.shape[1]);
        var y = row == rows ? empty([columns, row]) : zeros([columns, row]);
        MatrixKernel.Transpose(TensorMemory.Floats(x), columns, TensorMemory.Floats(y), row, rows, columns);
        GC.KeepAlive(x);
        return y;
    }

    // x with rows of that length; what is beyond is zero.
    private static Tensor Padded(Tensor x, int row)
    {
        if (x.shape[1] == row)
        {
            return x;
        }

        var y = zeros([x.shape[0], row]);
        y.narrow(1, 0, x.shape[1]).copy_(x);
        return y;
    }
}
