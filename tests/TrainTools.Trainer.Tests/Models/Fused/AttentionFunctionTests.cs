using System.Runtime.Intrinsics;
using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>The attention of large layers against the formula and autograd in float64.</summary>
public sealed class AttentionFunctionTests
{
    [Theory]
    [InlineData(2, 64, 4, 4, 32, new long[] { 64, 64 })]
    [InlineData(2, 33, 4, 2, 16, new long[] { 33, 33 })] // blocks and vectors that are not full, heads that share keys
    [InlineData(1, 100, 6, 2, 24, new long[] { 1, 31, 32, 36 })] // documents of one row
    [InlineData(3, 70, 2, 1, 80, new long[] { 70, 70, 70 })]
    [InlineData(1, 515, 2, 2, 64, new long[] { 515 })]
    public void IsTheFormula(int rows, int count, int heads, int keyHeads, int size, long[] lengths)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        var query = randn(rows, count, heads, size).requires_grad_();
        var key = randn(rows, count, keyHeads, size).requires_grad_();
        var value = randn(rows, count, keyHeads, size).requires_grad_();
        var sent = randn(rows, count, heads * size);
        double scale = 1.7 / Math.Sqrt(size);
        Assert.Equal(Vector512.IsHardwareAccelerated && lengths.Length * keyHeads >= get_num_threads(), AttentionFunction.Fits(query, key, value, Sequences(lengths)));

        Tensor[] wide = [.. new[] { query, key, value }.Select(t => t.detach().to_type(ScalarType.Float64).requires_grad_())];
        var expected = Expected(wide[0], wide[1], wide[2], lengths, scale);
        expected.backward([sent.to_type(ScalarType.Float64)]);

        var actual = AttentionFunction.Apply(query, key, value, Sequences(lengths), scale);
        Close(expected, actual);
        actual.backward([sent]);
        AutogradGuard.ThrowIfFailed();
        Close(wide[0].grad!, query.grad!);
        Close(wide[1].grad!, key.grad!);
        Close(wide[2].grad!, value.grad!);

        using var grad = no_grad();
        Assert.True(AttentionFunction.Apply(query, key, value, Sequences(lengths), scale).eq(actual).all().ToBoolean());
    }

    [Fact]
    public void BitsDoNotDependOnThreads()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        Tensor[] inputs = [.. Enumerable.Range(0, 3).Select(_ => randn(3, 50, 4, 32).requires_grad_())];
        var sent = randn(3, 50, 128);
        var threads = get_num_threads();
        List<List<Tensor>> results = [];
        try
        {
            foreach (var count in (int[])[1, 2, 3, 2])
            {
                set_num_threads(count);
                foreach (var input in inputs)
                {
                    input.grad = null;
                }

                var output = AttentionFunction.Apply(inputs[0], inputs[1], inputs[2], Sequences(50, 50, 50), 0.2);
                output.backward([sent]);
                results.Add([output, .. inputs.Select(i => i.grad!.clone())]);
            }
        }
        finally
        {
            set_num_threads(threads);
        }

        Assert.All(results, r => Assert.All(r.Zip(results[0]), p => Assert.True(p.First.eq(p.Second).all().ToBoolean())));
    }

    [Fact]
    public void WhatIsNotFiniteStaysVisible()
    {
        using var scope = NewDisposeScope();
        var (query, key, value) = (randn(1, 40, 2, 16), randn(1, 40, 2, 16), randn(1, 40, 2, 16));
        value[0, 7, 0, 3] = double.NaN;
        key[0, 20, 1, 0] = double.PositiveInfinity;
        using var grad = no_grad();
        var finite = AttentionFunction.Apply(query, key, value, Sequences(40), 0.25).isfinite().view(40, 2, 16);
        Assert.False(finite[7, 0, 3].ToBoolean());
        Assert.False(finite[39, 0, 3].ToBoolean());
        Assert.False(finite.narrow(0, 20, 20).select(1, 1).all().ToBoolean());
    }

    [Fact]
    public void LongSequencesAndOtherTypesAreTheLibrarys()
    {
        using var scope = NewDisposeScope();
        Tensor Of(long count, ScalarType type = ScalarType.Float32) => zeros([1, count, 4, 16], type);
        Assert.False(AttentionFunction.Fits(Of(1025), Of(1025), Of(1025), Sequences(1025)));
        Assert.False(AttentionFunction.Fits(Of(8, ScalarType.BFloat16), Of(8, ScalarType.BFloat16), Of(8, ScalarType.BFloat16), Sequences(8)));
        Assert.False(AttentionFunction.Fits(Of(8).transpose(1, 2).contiguous().transpose(1, 2), Of(8), Of(8), Sequences(8)));
    }

    private static (int, int)[] Sequences(params long[] lengths) => [.. lengths.Select((length, i) => ((int)lengths.Take(i).Sum(), (int)length))];

    // softmax(scale · q kᵀ) v of each sequence, later positions hidden.
    private static Tensor Expected(Tensor query, Tensor key, Tensor value, long[] lengths, double scale)
    {
        var (heads, size) = (query.shape[2], query.shape[3]);
        var (q, k, v) = (query.reshape(-1, heads, size), key.reshape(-1, key.shape[2], size), value.reshape(-1, key.shape[2], size));
        k = k.repeat_interleave(heads / key.shape[2], 1);
        v = v.repeat_interleave(heads / key.shape[2], 1);
        var parts = new List<Tensor>();
        long start = 0;
        foreach (var length in lengths)
        {
            Tensor Part(Tensor t) => t.narrow(0, start, length).transpose(0, 1);
            var scores = Part(q).matmul(Part(k).transpose(1, 2)).mul(scale);
            scores = scores.masked_fill(ones(length, length, ScalarType.Bool).tril().logical_not(), double.NegativeInfinity);
            parts.Add(nn.functional.softmax(scores, -1).matmul(Part(v)).transpose(0, 1));
            start += length;
        }

        return cat(parts, 0).reshape(query.shape[0], query.shape[1], heads * size);
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        var difference = actual.to_type(ScalarType.Float64).sub(expected).abs().max().ToDouble();
        Assert.InRange(difference, 0, 3e-6 * Math.Max(1, expected.abs().max().ToDouble()));
    }
}
