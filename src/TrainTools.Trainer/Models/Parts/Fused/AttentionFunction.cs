using System.Runtime.Intrinsics;
using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>
/// Causal attention of sequences that each see themselves alone, as one node of the graph: <see cref="HeadAttention"/> for each
/// sequence and key head, on the threads of libtorch's operators. No score is computed that the causal rule hides, which
/// the library's kernel does for half of them. Kept for backward: queries, keys, values, the result, and one number a query and head.
/// </summary>
internal sealed unsafe class AttentionFunction : autograd.SingleTensorFunction<AttentionFunction>
{
    private const int Inputs = 5;

    // What a task works on must stay in its processor's second cache; longer sequences are the library's.
    private const int LongestSequence = 1024;
    private const int LargestHead = 128;

    public override string Name => nameof(AttentionFunction);

    /// <summary>Whether it can be computed here, and there are enough sequences and heads for all threads.</summary>
    /// <param name="query">[B, T, heads, D], as the others.</param>
    /// <param name="key">[B, T, kvHeads, D].</param>
    /// <param name="value">[B, T, kvHeads, D].</param>
    /// <param name="sequences">First token and length of each sequence; together B · T.</param>
    public static bool Fits(Tensor query, Tensor key, Tensor value, (int Start, int Length)[] sequences) =>
        Vector512.IsHardwareAccelerated && WideKernels.Fit(query, key, value)
        && query.shape[3] <= LargestHead && Array.TrueForAll(sequences, s => s.Length <= LongestSequence) && sequences.Length * key.shape[2] >= get_num_threads();

    /// <summary>softmax(scale · q kᵀ) v, [B, T, heads · D].</summary>
    /// <param name="query">[B, T, heads, D]; neighbouring heads share a key head.</param>
    /// <param name="key">[B, T, kvHeads, D].</param>
    /// <param name="value">[B, T, kvHeads, D].</param>
    /// <param name="sequences">First token and length of each sequence, one after another through all rows.</param>
    /// <param name="scale">Factor of the scores.</param>
    public static Tensor Apply(Tensor query, Tensor key, Tensor value, (int Start, int Length)[] sequences, double scale)
    {
        using var scope = NewDisposeScope();
        if (is_grad_enabled())
        {
            return apply(query, key, value, sequences, scale).MoveToOuterDisposeScope();
        }

        var (output, _) = Forward(query, key, value, sequences, scale);
        return output.MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (query, key, value) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        var (sequences, scale) = (((int, int)[])vars[3], (double)vars[4]);
        using var scope = NewDisposeScope();
        var (output, logSum) = Forward(query, key, value, sequences, scale);
        ctx.set_materialize_grads(false);

        // Not by save_for_backward: what is saved there lives until the whole graph is gone.
        ctx.save_data("kept", new Kept(Own(query), Own(key), Own(value), Own(output), logSum.DetachFromDisposeScope(), sequences, scale));
        return output.MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) => AutogradGuard.Run(Inputs, [grad_output], () =>
    {
        using var scope = NewDisposeScope();
        using var kept = (Kept)ctx.get_data("kept");
        var gradient = grad_output.is_contiguous() ? grad_output : grad_output.contiguous();
        var (query, key, value) = (empty_like(kept.Query), empty_like(kept.Key), empty_like(kept.Value));
        var sent = TensorMemory.Floats(gradient);
        var (toQuery, toKey, toValue) = ((nint)TensorMemory.Floats(query), (nint)TensorMemory.Floats(key), (nint)TensorMemory.Floats(value));
        var heads = new Heads(kept.Query, kept.Key, kept.Value, kept.Output, kept.LogSum, kept.Scale);
        OperatorThreads.For(kept.Sequences.Length * heads.KeyHeads, task =>
        {
            var (start, length) = kept.Sequences[task / heads.KeyHeads];
            var head = task % heads.KeyHeads;
            var (at, keyAt) = (heads.Place(start, head), heads.KeyPlace(start, head));
            heads.Of(start, length, head).Backward(sent + at, (float*)toQuery + at, (float*)toKey + keyAt, (float*)toValue + keyAt);
        });
        GC.KeepAlive(gradient);
        return [query.MoveToOuterDisposeScope(), key.MoveToOuterDisposeScope(), value.MoveToOuterDisposeScope(), null!, null!];
    });

    private static (Tensor Output, Tensor LogSum) Forward(Tensor query, Tensor key, Tensor value, (int Start, int Length)[] sequences, double scale)
    {
        var output = empty([query.shape[0], query.shape[1], query.shape[2] * query.shape[3]]);
        var logSum = empty([query.shape[2], query.shape[0] * query.shape[1]]);
        var heads = new Heads(query, key, value, output, logSum, scale);
        OperatorThreads.For(sequences.Length * heads.KeyHeads, task =>
        {
            var (start, length) = sequences[task / heads.KeyHeads];
            heads.Of(start, length, task % heads.KeyHeads).Forward();
        });
        GC.KeepAlive(query);
        GC.KeepAlive(key);
        GC.KeepAlive(value);
        return (output, logSum);
    }

    private static Tensor Own(Tensor tensor) => tensor.detach().DetachFromDisposeScope();

    /// <summary>Where the heads lie in memory.</summary>
    private sealed class Heads(Tensor query, Tensor key, Tensor value, Tensor output, Tensor logSum, double scale)
    {
        private readonly float* queries = TensorMemory.Floats(query);
        private readonly float* keys = TensorMemory.Floats(key);
        private readonly float* values = TensorMemory.Floats(value);
        private readonly float* outputs = TensorMemory.Floats(output);
        private readonly float* logSums = TensorMemory.Floats(logSum);
        private readonly int size = (int)query.shape[3];
        private readonly int group = (int)(query.shape[2] / key.shape[2]);
        private readonly int tokens = (int)logSum.shape[1];

        public int KeyHeads { get; } = (int)key.shape[2];

        private int Row => KeyHeads * group * size;

        public long Place(int token, int head) => ((long)token * Row) + ((long)head * group * size);

        public long KeyPlace(int token, int head) => ((long)token * KeyHeads * size) + ((long)head * size);

        public HeadAttention Of(int start, int length, int head) => new()
        {
            Length = length,
            Size = size,
            Group = group,
            Factor = (float)scale,
            Row = Row,
            KeyRow = KeyHeads * size,
            Query = queries + Place(start, head),
            Key = keys + KeyPlace(start, head),
            Value = values + KeyPlace(start, head),
            OutputRow = Row,
            Output = outputs + Place(start, head),
            LogSumRow = tokens,
            LogSum = logSums + ((long)head * group * tokens) + start,
        };
    }

    /// <summary>What backward needs. The tensors belong to no scope: they go once they have been used, or with the graph.</summary>
    private sealed record Kept(Tensor Query, Tensor Key, Tensor Value, Tensor Output, Tensor LogSum, (int Start, int Length)[] Sequences, double Scale) : IDisposable
    {
        public void Dispose()
        {
            Query.Dispose();
            Key.Dispose();
            Value.Dispose();
            Output.Dispose();
            LogSum.Dispose();
        }
    }
}
