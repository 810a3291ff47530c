using System.Numerics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// Causal attention of the query heads that share one key head, over one sequence: softmax(scale · q kᵀ) v, some queries at a
/// time against the keys they see. Of the forward pass one number a query is kept (the logarithm of its sum); scores are
/// made again in the backward pass. For heads so small that a general kernel spends its time on anything but products.
/// </summary>
internal readonly unsafe struct HeadAttention
{
    private const int Block = 32;

    /// <summary>Tokens.</summary>
    public required int Length { get; init; }

    /// <summary>D.</summary>
    public required int Size { get; init; }

    /// <summary>Query heads of the key head.</summary>
    public required int Group { get; init; }

    /// <summary>Factor of the scores.</summary>
    public required float Factor { get; init; }

    /// <summary>First query head at the first token; the group's heads lie side by side.</summary>
    public required float* Query { get; init; }

    /// <summary>Key head at the first token.</summary>
    public required float* Key { get; init; }

    /// <summary>Value head at the first token.</summary>
    public required float* Value { get; init; }

    /// <summary>Distance of tokens in queries (and in their gradients).</summary>
    public required int Row { get; init; }

    /// <summary>Distance of tokens in keys and values (and in their gradients).</summary>
    public required int KeyRow { get; init; }

    /// <summary>Outputs of the first query head at the first token.</summary>
    public required float* Output { get; init; }

    /// <summary>Distance of tokens in outputs (and in their gradients).</summary>
    public required int OutputRow { get; init; }

    /// <summary>log Σ exp(score), the group's heads one after another.</summary>
    public required float* LogSum { get; init; }

    /// <summary>Distance of heads there.</summary>
    public required int LogSumRow { get; init; }

    private int Wide => Scratch.Lines(Size);

    // Not a large power of two: rows would share a few sets of the cache.
    private int Columns => ((Length + Block - 1) / Block * Block) + 16;

    /// <summary>Fills <see cref="Output"/> and <see cref="LogSum"/>.</summary>
    public void Forward()
    {
        var keys = Scratch.Room(((long)Columns * (Size + Wide + Block)) + (Block * Wide)); // [D, T]
        var values = keys + ((long)Columns * Size); // [T, D]
        var scores = values + ((long)Columns * Wide);
        var sums = scores + ((long)Columns * Block);
        var totals = stackalloc float[Block];
        Turned(Key, Factor, keys);
        Widened(Value, 1, values, Length);
        for (var head = 0; head < Group; head++)
        {
            for (var first = 0; first < Length; first += Block)
            {
                var rows = Math.Min(Block, Length - first);
                var seen = first + Block;
                MatrixKernel.Multiply(Query + ((long)first * Row) + (head * Size), Row, 1, keys, Columns, scores, Columns, rows, seen, Size, adds: false);
                for (var i = 0; i < rows; i++)
                {
                    totals[i] = Softened(scores + (i * Columns), first + i + 1, seen, LogSum + ((long)head * LogSumRow) + first + i);
                }

                MatrixKernel.Multiply(scores, Columns, 1, values, Wide, sums, Wide, rows, Wide, Math.Min(seen, Length), adds: false);
                for (var i = 0; i < rows; i++)
                {
                    RowKernel.Scale(sums + (i * Wide), 1 / totals[i], Output + ((long)(first + i) * OutputRow) + (head * Size), Size);
                }
            }
        }
    }

    /// <summary>Gradients of queries, keys and values, written where they are told to go.</summary>
    /// <param name="outputGradient">Laid out as <see cref="Output"/>.</param>
    /// <param name="queryGradient">Laid out as <see cref="Query"/>.</param>
    /// <param name="keyGradient">Laid out as <see cref="Key"/>.</param>
    /// <param name="valueGradient">Laid out as <see cref="Value"/>.</param>
    public void Backward(float* outputGradient, float* queryGradient, float* keyGradient, float* valueGradient)
    {
        var (columns, wide) = ((long)Columns, Wide);
        var keys = Scratch.Room((columns * ((2 * Size) + (3 * wide) + (2 * Block))) + (3 * Block * wide)); // [D, T], scaled
        var values = keys + (columns * Size); // [D, T]
        var keyRows = values + (columns * Size); // [T, D], scaled
        var keySums = keyRows + (columns * wide);
        var valueSums = keySums + (columns * wide);
        var weights = valueSums + (columns * wide); // [block, T]
        var slopes = weights + (columns * Block);
        var queryRows = slopes + (columns * Block); // [block, D]
        var gradientRows = queryRows + (Block * wide);
        var sums = gradientRows + (Block * wide);
        Turned(Key, Factor, keys);
        Turned(Value, 1, values);
        Widened(Key, Factor, keyRows, Length);
        new Span<float>(keySums, (int)(2 * columns * wide)).Clear();
        for (var head = 0; head < Group; head++)
        {
            for (var first = 0; first < Length; first += Block)
            {
                var rows = Math.Min(Block, Length - first);
                var (seen, real) = (first + Block, Math.Min(first + Block, Length));
                var query = Query + ((long)first * Row) + (head * Size);
                var gradient = outputGradient + ((long)first * OutputRow) + (head * Size);
                var output = Output + ((long)first * OutputRow) + (head * Size);
                MatrixKernel.Multiply(query, Row, 1, keys, Columns, weights, Columns, rows, seen, Size, adds: false);
                MatrixKernel.Multiply(gradient, OutputRow, 1, values, Columns, slopes, Columns, rows, seen, Size, adds: false);
                for (var i = 0; i < rows; i++)
                {
                    var mean = RowKernel.Dot(gradient + ((long)i * OutputRow), output + ((long)i * OutputRow), Size);
                    Slopes(weights + (i * columns), slopes + (i * columns), LogSum[((long)head * LogSumRow) + first + i], mean, first + i + 1, seen);
                }

                Widened(query, Row, 1, queryRows, rows);
                Widened(gradient, OutputRow, 1, gradientRows, rows);
                MatrixKernel.Multiply(slopes, Columns, 1, keyRows, wide, sums, wide, rows, wide, real, adds: false);
                MatrixKernel.Multiply(slopes, 1, Columns, queryRows, wide, keySums, wide, real, wide, rows, adds: true);
                MatrixKernel.Multiply(weights, 1, Columns, gradientRows, wide, valueSums, wide, real, wide, rows, adds: true);
                for (var i = 0; i < rows; i++)
                {
                    RowKernel.Scale(sums + (i * wide), 1, queryGradient + ((long)(first + i) * Row) + (head * Size), Size);
                }
            }
        }

        for (var i = 0; i < Length; i++)
        {
            RowKernel.Scale(keySums + ((long)i * wide), Factor, keyGradient + ((long)i * KeyRow), Size);
            RowKernel.Scale(valueSums + ((long)i * wide), 1, valueGradient + ((long)i * KeyRow), Size);
        }
    }

    // Scores become exp(score - largest), zero from the query's own place on; gives their sum. Rows end at whole vectors.
    private static float Softened(float* scores, int length, int seen, float* logSum)
    {
        var lanes = Vector<float>.Count;
        var last = length / lanes * lanes;
        var kept = Vector.LessThan(Vector<float>.Indices, new Vector<float>(length - last));
        var most = Vector.ConditionalSelect(kept, Vector.Load(scores + last), new Vector<float>(float.NegativeInfinity));
        for (var i = 0; i < last; i += lanes)
        {
            most = Vector.Max(most, Vector.Load(scores + i));
        }

        var largest = RowKernel.Largest(most);
        var (shift, total) = (new Vector<float>(largest), Vector<float>.Zero);
        for (var i = 0; i < last; i += lanes)
        {
            var weight = Weight(Vector.Load(scores + i) - shift);
            Vector.Store(weight, scores + i);
            total += weight;
        }

        if (last < seen)
        {
            var weight = Vector.ConditionalSelect(kept, Weight(Vector.Load(scores + last) - shift), Vector<float>.Zero);
            Vector.Store(weight, scores + last);
            total += weight;
            Clear(scores, last + lanes, seen);
        }

        var sum = Vector.Sum(total);
        *logSum = largest + MathF.Log(sum);
        return sum;
    }

    // weights: scores become p = exp(score - log sum); slopes: gradients of p become p · (slope - mean). Zero from the query's own place on.
    private static void Slopes(float* weights, float* slopes, float logSum, float mean, int length, int seen)
    {
        var lanes = Vector<float>.Count;
        var last = length / lanes * lanes;
        var (shift, middle) = (new Vector<float>(logSum), new Vector<float>(mean));
        for (var i = 0; i < last; i += lanes)
        {
            var weight = Weight(Vector.Load(weights + i) - shift);
            Vector.Store(weight, weights + i);
            Vector.Store(weight * (Vector.Load(slopes + i) - middle), slopes + i);
        }

        if (last < seen)
        {
            var kept = Vector.LessThan(Vector<float>.Indices, new Vector<float>(length - last));
            var weight = Vector.ConditionalSelect(kept, Weight(Vector.Load(weights + last) - shift), Vector<float>.Zero);
            Vector.Store(weight, weights + last);
            Vector.Store(Vector.ConditionalSelect(kept, weight * (Vector.Load(slopes + last) - middle), Vector<float>.Zero), slopes + last);
            Clear(weights, last + lanes, seen);
            Clear(slopes, last + lanes, seen);
        }
    }

    // e^x, and zero below 1e-24: next to the largest weight that is nothing, but its products would be numbers below the smallest
    // normal one, which the processor is a hundred times slower with. NaN stays.
    private static Vector<float> Weight(Vector<float> x) =>
        Vector.ConditionalSelect(Vector.LessThan(x, new Vector<float>(-55)), Vector<float>.Zero, Exponential.Of(x));

    private static void Clear(float* row, int from, int to)
    {
        if (from < to)
        {
            new Span<float>(row + from, to - from).Clear();
        }
    }

    // [T, D] → factor · [D, T], zeros behind.
    private void Turned(float* from, float factor, float* to)
    {
        MatrixKernel.Transpose(from, KeyRow, to, Columns, Length, Size);
        for (var j = 0; j < Size; j++)
        {
            var row = to + ((long)j * Columns);
            if (factor != 1)
            {
                RowKernel.Scale(row, factor, row, Length);
            }

            new Span<float>(row + Length, Columns - Length).Clear();
        }
    }

    private void Widened(float* from, float factor, float* to, int rows) => Widened(from, KeyRow, factor, to, rows);

    // [rows, D] → factor · [rows, D], side by side, filled up to whole vectors with zeros.
    private void Widened(float* from, int row, float factor, float* to, int rows)
    {
        for (var i = 0; i < rows; i++)
        {
            RowKernel.Scale(from + ((long)i * row), factor, to + ((long)i * Wide), Size);
            new Span<float>(to + ((long)i * Wide) + Size, Wide - Size).Clear();
        }
    }
}
