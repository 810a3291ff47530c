using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

internal sealed unsafe partial class CompactPass
{
    /// <summary>The input's gradient, in the caller's scope; the parameters' are added where they belong.</summary>
    /// <param name="gradient">Gradient of the output, [B, T, H], contiguous.</param>
    /// <param name="input">The input.</param>
    /// <param name="memory">What <see cref="Forward"/> kept. It is used up.</param>
    public Tensor Backward(Tensor gradient, Tensor input, Tensor memory)
    {
        var result = empty_like(input);
        using var room = empty([sizes.Passing(tokens)]);
        var kept = new CompactKept(sizes, TensorMemory.Floats(memory), tokens);
        var passing = new CompactPassing(sizes, TensorMemory.Floats(room), tokens);
        var x = TensorMemory.Floats(input);
        var from = TensorMemory.Floats(gradient);
        var to = TensorMemory.Floats(result);
        ThroughFeedForward(from, kept, passing);
        ThroughAttention(kept, passing);
        ThroughProjections(x, kept, passing, to);
        ToParameters(from, kept, passing);
        // Only their memory has been used: nothing else keeps them from being collected meanwhile.
        GC.KeepAlive(gradient);
        GC.KeepAlive(input);
        GC.KeepAlive(memory);
        GC.KeepAlive(rotary);
        return result;
    }

    private void ThroughFeedForward(float* gradient, CompactKept kept, CompactPassing passing)
    {
        var (hidden, attended, inner) = (sizes.Hidden, sizes.Attended, sizes.Intermediate);
        var output = Weight(layer.Output);
        var gate = Weight(layer.Gate);
        var up = Weight(layer.Up);
        var down = Weight(layer.Down);
        var norm = TensorMemory.Floats(layer.SecondNorm.Weight.Value);
        WorkerThreads.For(Blocks, block =>
        {
            var (first, rows) = Rows(block);
            var throughProduct = Scratch.Room(Block * (inner + hidden));
            var throughNorm = throughProduct + (Block * inner);
            var from = gradient + ((long)first * hidden);
            var gated = kept.Gated + ((long)first * 2 * inner);
            MatrixKernel.Multiply(from, hidden, 1, down, inner, throughProduct, inner, rows, inner, hidden, adds: false);
            for (var i = 0; i < rows; i++)
            {
                var row = gated + ((long)i * 2 * inner);
                RowKernel.GateBackward(throughProduct + (i * inner), row, row + inner, passing.Product + ((long)(first + i) * inner), inner);
            }

            MatrixKernel.Multiply(gated, 2 * inner, 1, gate, hidden, throughNorm, hidden, rows, hidden, inner, adds: false);
            MatrixKernel.Multiply(gated + inner, 2 * inner, 1, up, hidden, throughNorm, hidden, rows, hidden, inner, adds: true);
            var middle = passing.Middle + ((long)first * hidden);
            Copy(from, middle, rows * hidden);
            ThroughNorm(
                throughNorm, kept.Middle + ((long)first * hidden), kept.SecondInverse + first, norm,
                passing.SecondNormed + ((long)first * hidden), middle, passing.Norms + ((((long)block * 2) + 1) * hidden), rows);
            MatrixKernel.Multiply(middle, hidden, 1, output, attended, passing.Attended + ((long)first * attended), attended, rows, attended, hidden, adds: false);
        });
    }

    private void ThroughAttention(CompactKept kept, CompactPassing passing)
    {
        var cos = Cosines();
        var sin = Sines();
        WorkerThreads.For(sequences.Length * sizes.KeyValueHeads, task =>
        {
            var attention = Attention(task, kept);
            var (sequence, head, size) = (sequences[task / sizes.KeyValueHeads], task % sizes.KeyValueHeads, sizes.HeadDim);
            var row = passing.Projected + ((long)sequence.Start * sizes.Projected);
            var query = row + (head * attention.Group * size);
            var key = row + sizes.Keys + (head * size);
            attention.Backward(
                passing.Attended + ((long)sequence.Start * sizes.Attended) + (head * attention.Group * size), query, key, row + sizes.Values + (head * size));
            for (var i = 0; rotated > 0 && i < sequence.Length; i++)
            {
                var c = Angles(cos, sequence.Start + i);
                var s = Angles(sin, sequence.Start + i);
                RotaryKernel.RotateBack(key + ((long)i * sizes.Projected), c, s, rotated);
                for (var j = 0; j < attention.Group; j++)
                {
                    RotaryKernel.RotateBack(query + ((long)i * sizes.Projected) + (j * size), c, s, rotated);
                }
            }
        });
    }

    private void ThroughProjections(float* x, CompactKept kept, CompactPassing passing, float* result)
    {
        var (hidden, projected) = (sizes.Hidden, sizes.Projected);
        var query = Weight(layer.Query);
        var key = Weight(layer.Key);
        var value = Weight(layer.Value);
        var norm = TensorMemory.Floats(layer.FirstNorm.Weight.Value);
        WorkerThreads.For(Blocks, block =>
        {
            var (first, rows) = Rows(block);
            var throughNorm = Scratch.Room(Block * hidden);
            var from = passing.Projected + ((long)first * projected);
            MatrixKernel.Multiply(from, projected, 1, query, hidden, throughNorm, hidden, rows, hidden, sizes.Keys, adds: false);
            MatrixKernel.Multiply(from + sizes.Keys, projected, 1, key, hidden, throughNorm, hidden, rows, hidden, sizes.Values - sizes.Keys, adds: true);
            MatrixKernel.Multiply(from + sizes.Values, projected, 1, value, hidden, throughNorm, hidden, rows, hidden, projected - sizes.Values, adds: true);
            var to = result + ((long)first * hidden);
            Copy(passing.Middle + ((long)first * hidden), to, rows * hidden);
            ThroughNorm(
                throughNorm, x + ((long)first * hidden), kept.FirstInverse + first, norm,
                passing.FirstNormed + ((long)first * hidden), to, passing.Norms + ((long)block * 2 * hidden), rows);
        });
    }

    // A block's rows through a norm: its output is made again, the input's gradient is added, and the weight's share begins anew.
    private void ThroughNorm(float* gradient, float* input, float* inverse, float* weight, float* normed, float* to, float* share, int rows)
    {
        var hidden = sizes.Hidden;
        new Span<float>(share, hidden).Clear();
        for (var i = 0; i < rows; i++)
        {
            var at = i * hidden;
            RowKernel.Norm(input + at, inverse[i], weight, normed + at, hidden);
            RowKernel.NormBackward(gradient + at, input + at, inverse[i], weight, to + at, share, hidden);
        }
    }

    private void ToParameters(float* gradient, CompactKept kept, CompactPassing passing)
    {
        var (hidden, projected, attended, inner) = (sizes.Hidden, sizes.Projected, sizes.Attended, sizes.Intermediate);
        var sums = new CompactGradients(tokens);
        sums.Add(layer.Query, passing.Projected, projected, passing.FirstNormed, hidden);
        sums.Add(layer.Key, passing.Projected + sizes.Keys, projected, passing.FirstNormed, hidden);
        sums.Add(layer.Value, passing.Projected + sizes.Values, projected, passing.FirstNormed, hidden);
        sums.Add(layer.Output, passing.Middle, hidden, kept.Attended, attended);
        sums.Add(layer.Gate, kept.Gated, 2 * inner, passing.SecondNormed, hidden);
        sums.Add(layer.Up, kept.Gated + inner, 2 * inner, passing.SecondNormed, hidden);
        sums.Add(layer.Down, gradient, hidden, passing.Product, inner);
        sums.AddRows(layer.FirstNorm.Weight.Value, passing.Norms, 2 * hidden, Blocks);
        sums.AddRows(layer.SecondNorm.Weight.Value, passing.Norms + hidden, 2 * hidden, Blocks);
        sums.Run();
    }
}
