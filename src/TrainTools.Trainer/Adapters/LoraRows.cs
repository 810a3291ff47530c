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
/// are in the rows' order: bits do not depend on the number of threads.
/// </summary>
internal static unsafe class LoraRows
{
    private const int Block = 32;
    private const int Columns = 128;
    private const int LargestRank = 64;

    /// <summary>Whether these tensors can go this way; without vectors of 512 bits the library's products are faster.</summary>
    /// <param name="rows">[N, …], in or out.</param>
    /// <param name="mask">What dropout lets through; null = everything.</param>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    public static bool Fits(Tensor rows, DropoutMask? mask, Tensor a, Tensor b) =>
        OperatorThreads.Available && CompactLayer.Allowed && Vector512.IsHardwareAccelerated && rows.shape[0] >= Block && a.shape[0] <= LargestRank
        && mask is null or SeededMask && TensorMemory.IsFloats(rows) && TensorMemory.IsFloats(a) && TensorMemory.IsFloats(b);

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
        var (throughB, smalls) = (empty([count, padded]), input is null ? null : empty([count, padded]));
        var back = TensorMemory.Floats(throughB);
        var small = smalls is null ? null : TensorMemory.Floats(smalls);
        var down = input is null ? null : TensorMemory.Floats(Transposed(a, padded)); // Aᵀ, [in, padded]
        var narrow = TensorMemory.Floats(a);
        var wide = TensorMemory.Floats(Padded(b, padded)); // B, [out, padded]
        var sent = TensorMemory.Floats(gradient);
        var from = input is null ? null : TensorMemory.Floats(input);
        var to = target is null ? null : TensorMemory.Floats(target);
        OperatorThreads.ForPieces(count, Block, (row, rows) =>
        {
            var room = Scratch.Room(Block * width);
            var through = back + (row * padded);
            MatrixKernel.Multiply(sent + (row * outputs), outputs, 1, wide, padded, through, padded, rows, padded, outputs, adds: false);
            RowKernel.Scale(through, scale, through, rows * padded);
            if (to is not null && mask is null)
            {
                MatrixKernel.Multiply(through, padded, 1, narrow, width, to + (row * width), width, rows, width, rank, adds: true);
            }
            else if (to is not null)
            {
                MatrixKernel.Multiply(through, padded, 1, narrow, width, room, width, rows, width, rank, adds: false);
                mask!.Select(row, 0, (long)rows * width, to + (row * width), room, adds: true);
            }

            if (from is not null)
            {
                var seen = Seen(mask, row, rows, from + (row * width), width, room);
                var product = small + (row * padded);
                MatrixKernel.Multiply(seen, width, 1, down, padded, product, padded, rows, padded, width, adds: false);
                RowKernel.Scale(product, scale, product, rows * padded);
            }
        });

        if (input is not null)
        {
            Sums(a, back, from, mask, width);
            Sums(b, small, sent, null, outputs);
        }

        GC.KeepAlive(target);
        GC.KeepAlive(gradient);
        GC.KeepAlive(input);

        // parameter.grad += smallᵀ · large, in A's layout or B's.
        void Sums(Tensor parameter, float* few, float* large, SeededMask? dropped, int columns)
        {
            if (!parameter.requires_grad)
            {
                return;
            }

            var room = WeightGradient.Room(parameter, out var adds);
            var sum = TensorMemory.Floats(room);
            var across = ReferenceEquals(parameter, b);
            OperatorThreads.ForPieces(columns, Columns, (first, length) =>
            {
                var part = Scratch.Room((LargestRank * Columns) + (Block * Columns));
                SumColumns(part, few, padded, rank, large + first, columns, count, length, dropped, first);
                Put(part, sum, first, length, columns, rank, across, adds);
            });
            GC.KeepAlive(room);
        }
    }

    // part [r, length] = smallᵀ · (large ⊙ mask), some columns of large.
    private static void SumColumns(float* part, float* small, int padded, int rank, float* large, int largeRow, long count, int length, SeededMask? mask, long first)
    {
        if (mask is null)
        {
            MatrixKernel.Multiply(small, 1, padded, large, largeRow, part, Columns, rank, length, (int)count, adds: false);
            return;
        }

        var seen = part + (LargestRank * Columns);
        for (long row = 0; row < count; row += Block)
        {
            var rows = (int)Math.Min(Block, count - row);
            for (var i = 0; i < rows; i++)
            {
                mask.Select(row + i, first, length, seen + (i * Columns), large + ((row + i) * largeRow), adds: false);
            }

            MatrixKernel.Multiply(small + (row * padded), 1, padded, seen, Columns, part, Columns, rank, length, rows, adds: row > 0);
        }
    }

    // Into the gradient [r, columns], or [columns, r] across.
    private static void Put(float* part, float* sum, long first, int length, int columns, int rank, bool across, bool adds)
    {
        for (var i = 0; i < rank; i++)
        {
            var from = part + (i * Columns);
            var to = across ? sum + (first * rank) + i : sum + ((long)i * columns) + first;
            nint step = across ? rank : 1;
            for (var j = 0; j < length; j++)
            {
                to[j * step] = adds ? to[j * step] + from[j] : from[j];
            }
        }
    }

    private static float* Seen(SeededMask? mask, long row, int rows, float* from, int width, float* room)
    {
        if (mask is null)
        {
            return from;
        }

        mask.Select(row, 0, (long)rows * width, room, from, adds: false);
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
