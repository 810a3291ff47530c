using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>One forward pass of a layer, and the backward pass through it.</summary>
internal sealed unsafe partial class CompactPass
{
    private const int Block = CompactSizes.Block;
    private readonly CompactLayer layer;
    private readonly CompactSizes sizes;
    private readonly (int Start, int Length)[] sequences;
    private readonly int tokens;
    private readonly int columns;
    private readonly RotaryTables? rotary;
    private readonly int rotated;
    private readonly bool oneTable;

    /// <summary>Prepares a pass.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="sequences">What attends to itself alone; together all tokens.</param>
    /// <param name="columns">Tokens of a row.</param>
    /// <param name="rotary">Cosines and sines of a row's tokens, or of each row's; null = none.</param>
    public CompactPass(CompactLayer layer, (int Start, int Length)[] sequences, long columns, RotaryTables? rotary)
    {
        this.layer = layer;
        this.sequences = sequences;
        this.rotary = rotary;
        this.columns = (int)columns;
        sizes = layer.Sizes;
        tokens = sequences.Sum(s => s.Length);
        rotated = (int)(rotary?.Cos.shape[^1] ?? 0);
        oneTable = rotary?.Cos.shape[0] == 1;
    }

    /// <summary>Lets go of the tables, after the backward pass.</summary>
    public void Forget()
    {
        rotary?.Cos.Dispose();
        rotary?.SignedSin.Dispose();
    }

    private int Blocks => CompactSizes.Blocks(tokens);

    private static float* Weight(LinearLayer linear) => TensorMemory.Floats(linear.Weight.Value);

    private static float* Bias(LinearLayer linear) => linear.Bias is { } bias ? TensorMemory.Floats(bias.Value) : null;

    // Cosines or sines of a token: tables begin anew with each row unless each row has its own.
    private float* Angles(float* table, int token) => table + ((long)(oneTable ? token % columns : token) * rotated);

    private float* Cosines() => rotary is null ? null : TensorMemory.Floats(rotary.Cos);

    private float* Sines() => rotary is null ? null : TensorMemory.Floats(rotary.SignedSin);

    private HeadAttention Attention(int task, CompactKept kept)
    {
        var (sequence, head) = (sequences[task / sizes.KeyValueHeads], task % sizes.KeyValueHeads);
        var group = sizes.Heads / sizes.KeyValueHeads;
        var row = kept.Projected + ((long)sequence.Start * sizes.Projected);
        return new HeadAttention
        {
            Length = sequence.Length,
            Size = sizes.HeadDim,
            Group = group,
            Factor = layer.ScoreFactor,
            Row = sizes.Projected,
            KeyRow = sizes.Projected,
            Query = row + (head * group * sizes.HeadDim),
            Key = row + sizes.Keys + (head * sizes.HeadDim),
            Value = row + sizes.Values + (head * sizes.HeadDim),
            OutputRow = sizes.Attended,
            Output = kept.Attended + ((long)sequence.Start * sizes.Attended) + (head * group * sizes.HeadDim),
            LogSumRow = tokens,
            LogSum = kept.LogSum + ((long)head * group * tokens) + sequence.Start,
        };
    }

    /// <summary>The layer's output, and what <see cref="Backward"/> needs of the pass in one tensor. Both belong to the caller's scope.</summary>
    /// <param name="input">[B, T, H], contiguous.</param>
    public (Tensor Output, Tensor Kept) Forward(Tensor input)
    {
        var output = empty_like(input);
        var memory = empty([sizes.Kept(tokens)]);
        using var packed = empty([sizes.Weights]);
        Run(TensorMemory.Floats(input), TensorMemory.Floats(output), new CompactKept(sizes, TensorMemory.Floats(memory), tokens), TensorMemory.Floats(packed));
        GC.KeepAlive(input);
        GC.KeepAlive(rotary);
        return (output, memory);
    }

    private void Run(float* x, float* y, CompactKept kept, float* packed)
    {
        var (hidden, projected, attended, inner) = (sizes.Hidden, sizes.Projected, sizes.Attended, sizes.Intermediate);
        var projection = packed; // [H, P]
        var output = projection + ((long)hidden * projected); // [A, H]
        var gateUp = output + ((long)attended * hidden); // [H, 2 · I]
        var down = gateUp + (2L * hidden * inner); // [I, H]
        Pack(projection, output, gateUp, down);

        var firstNorm = TensorMemory.Floats(layer.FirstNorm.Weight.Value);
        var secondNorm = TensorMemory.Floats(layer.SecondNorm.Weight.Value);
        var (firstEpsilon, secondEpsilon) = ((float)layer.FirstNorm.Epsilon, (float)layer.SecondNorm.Epsilon);
        var cos = Cosines();
        var sin = Sines();
        var queryBias = Bias(layer.Query);
        var keyBias = Bias(layer.Key);
        var valueBias = Bias(layer.Value);
        var outputBias = Bias(layer.Output);
        var gateBias = Bias(layer.Gate);
        var upBias = Bias(layer.Up);
        var downBias = Bias(layer.Down);
        WorkerThreads.For(Blocks, block =>
        {
            var (first, rows) = Rows(block);
            var normed = Scratch.Room(Block * hidden);
            for (var i = 0; i < rows; i++)
            {
                var row = x + ((long)(first + i) * hidden);
                kept.FirstInverse[first + i] = RowKernel.InverseRms(row, hidden, firstEpsilon);
                RowKernel.Norm(row, kept.FirstInverse[first + i], firstNorm, normed + (i * hidden), hidden);
            }

            var to = kept.Projected + ((long)first * projected);
            MatrixKernel.Multiply(normed, hidden, 1, projection, projected, to, projected, rows, projected, hidden, adds: false);
            for (var i = 0; i < rows; i++, to += projected)
            {
                AddBias(queryBias, to, attended);
                AddBias(keyBias, to + sizes.Keys, sizes.Values - sizes.Keys);
                AddBias(valueBias, to + sizes.Values, projected - sizes.Values);
                for (var head = 0; rotated > 0 && head < sizes.Heads + sizes.KeyValueHeads; head++)
                {
                    RotaryKernel.Rotate(to + (head * sizes.HeadDim), Angles(cos, first + i), Angles(sin, first + i), rotated);
                }
            }
        });

        WorkerThreads.For(sequences.Length * sizes.KeyValueHeads, task => Attention(task, kept).Forward());

        WorkerThreads.For(Blocks, block =>
        {
            var (first, rows) = Rows(block);
            var normed = Scratch.Room(Block * (hidden + inner));
            var product = normed + (Block * hidden);
            var middle = kept.Middle + ((long)first * hidden);
            Copy(x + ((long)first * hidden), middle, rows * hidden);
            MatrixKernel.Multiply(kept.Attended + ((long)first * attended), attended, 1, output, hidden, middle, hidden, rows, hidden, attended, adds: true);
            for (var i = 0; i < rows; i++)
            {
                var row = middle + (i * hidden);
                AddBias(outputBias, row, hidden);
                kept.SecondInverse[first + i] = RowKernel.InverseRms(row, hidden, secondEpsilon);
                RowKernel.Norm(row, kept.SecondInverse[first + i], secondNorm, normed + (i * hidden), hidden);
            }

            var gated = kept.Gated + ((long)first * 2 * inner);
            MatrixKernel.Multiply(normed, hidden, 1, gateUp, 2 * inner, gated, 2 * inner, rows, 2 * inner, hidden, adds: false);
            for (var i = 0; i < rows; i++)
            {
                var row = gated + ((long)i * 2 * inner);
                AddBias(gateBias, row, inner);
                AddBias(upBias, row + inner, inner);
                RowKernel.Gate(row, row + inner, product + (i * inner), inner);
            }

            var result = y + ((long)first * hidden);
            Copy(middle, result, rows * hidden);
            MatrixKernel.Multiply(product, inner, 1, down, hidden, result, hidden, rows, hidden, inner, adds: true);
            for (var i = 0; downBias is not null && i < rows; i++)
            {
                RowKernel.Add(downBias, result + (i * hidden), hidden);
            }
        });
    }

    // Weights as [in, out], those that share their input side by side.
    private void Pack(float* projection, float* output, float* gateUp, float* down)
    {
        var (hidden, inner) = (sizes.Hidden, sizes.Intermediate);
        MatrixKernel.Transpose(Weight(layer.Query), hidden, projection, sizes.Projected, sizes.Attended, hidden);
        MatrixKernel.Transpose(Weight(layer.Key), hidden, projection + sizes.Keys, sizes.Projected, sizes.Values - sizes.Keys, hidden);
        MatrixKernel.Transpose(Weight(layer.Value), hidden, projection + sizes.Values, sizes.Projected, sizes.Projected - sizes.Values, hidden);
        MatrixKernel.Transpose(Weight(layer.Output), sizes.Attended, output, hidden, hidden, sizes.Attended);
        MatrixKernel.Transpose(Weight(layer.Gate), hidden, gateUp, 2 * inner, inner, hidden);
        MatrixKernel.Transpose(Weight(layer.Up), hidden, gateUp + inner, 2 * inner, inner, hidden);
        MatrixKernel.Transpose(Weight(layer.Down), inner, down, hidden, hidden, inner);
    }

    private (int First, int Count) Rows(int block) => (block * Block, Math.Min(Block, tokens - (block * Block)));

    private static void AddBias(float* bias, float* row, int count)
    {
        if (bias is not null)
        {
            RowKernel.Add(bias, row, count);
        }
    }

    private static void Copy(float* from, float* to, int count) => new Span<float>(from, count).CopyTo(new Span<float>(to, count));
}
