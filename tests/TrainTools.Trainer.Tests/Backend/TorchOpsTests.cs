using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Backend;

/// <summary>Each operator against its formula written out. Called several times: the script changes its plan after the first calls.</summary>
public class TorchOpsTests
{
    private const int Calls = 5;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RmsNormEqualsItsFormulaWithGradients(bool weighted)
    {
        using var scope = NewDisposeScope();
        for (var call = 0; call < Calls; call++)
        {
            var generator = new Generator((ulong)call);
            var x = randn([2, 3 + call, 16], generator: generator).requires_grad_();
            var w = randn([16], generator: generator).requires_grad_();
            var upstream = randn(x.shape, generator: generator);

            (TorchOps.RmsNorm(x, weighted ? w : null, 1e-6) * upstream).sum().backward();
            var (gx, gw) = (x.grad!.clone(), weighted ? w.grad!.clone() : zeros(16));
            x.grad!.zero_();
            w.grad?.zero_();

            var plain = x * rsqrt(x.square().mean([-1], keepdim: true) + 1e-6);
            ((weighted ? plain * w : plain) * upstream).sum().backward();
            AssertClose(weighted ? plain * w : plain, TorchOps.RmsNorm(x, weighted ? w : null, 1e-6));
            AssertClose(x.grad!, gx);
            AssertClose(weighted ? w.grad! : zeros(16), gw);
        }
    }

    [Theory]
    [InlineData(4, 4, false, null)]
    [InlineData(4, 2, false, null)]
    [InlineData(4, 1, true, null)]
    [InlineData(4, 2, true, 0.3)]
    [InlineData(2, 2, false, 0.05)]
    public void AttentionEqualsItsFormulaWithGradients(int heads, int keyValueHeads, bool causal, double? scale)
    {
        using var scope = NewDisposeScope();
        for (var call = 0; call < Calls; call++)
        {
            var generator = new Generator((ulong)(100 + call));
            var length = 5 + call;
            var q = randn([2, heads, length, 8], generator: generator).requires_grad_();
            var k = randn([2, keyValueHeads, length, 8], generator: generator).requires_grad_();
            var v = randn([2, keyValueHeads, length, 8], generator: generator).requires_grad_();
            var upstream = randn([2, heads, length, 8], generator: generator);

            var actual = TorchOps.Attention(q, k, v, null, scale, causal);
            (actual * upstream).sum().backward();
            var gradients = new[] { q, k, v }.Select(t => t.grad!.clone()).ToArray();
            foreach (var t in new[] { q, k, v })
            {
                t.grad!.zero_();
            }

            var expected = PlainAttention(q, k, v, causal ? ones(length, length).tril().to_type(ScalarType.Bool) : null, scale ?? 1 / Math.Sqrt(8));
            (expected * upstream).sum().backward();
            AssertClose(expected, actual);
            AssertClose(q.grad!, gradients[0]);
            AssertClose(k.grad!, gradients[1]);
            AssertClose(v.grad!, gradients[2]);
        }
    }

    [Fact]
    public void AttentionTakesBoolAndAddedMasks()
    {
        using var scope = NewDisposeScope();
        for (var call = 0; call < Calls; call++)
        {
            var generator = new Generator((ulong)(200 + call));
            var (q, k, v) = (randn([2, 4, 6, 8], generator: generator), randn([2, 2, 6, 8], generator: generator), randn([2, 2, 6, 8], generator: generator));
            var mask = ones(6, 6).tril().to_type(ScalarType.Bool).unsqueeze(0).unsqueeze(0);
            var expected = PlainAttention(q, k, v, mask, 0.5);
            AssertClose(expected, TorchOps.Attention(q, k, v, mask, 0.5));
            AssertClose(expected, TorchOps.Attention(q, k, v, zeros(mask.shape).masked_fill(mask.logical_not(), double.NegativeInfinity), 0.5));
        }
    }

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(0.1, 1.0)]
    [InlineData(0.01, 4.0)]
    public void FusedAdamWEqualsTheFormula(double decay, double divisor)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var generator = new Generator(7);
        long[][] shapes = [[3], [4, 5], [2, 3, 4]];
        var p = shapes.Select(s => randn(s, generator: generator)).ToArray();
        var expected = p.Select(t => t.to_type(ScalarType.Float64)).ToArray();
        var m = p.Select(t => zeros_like(t)).ToArray();
        var v = p.Select(t => zeros_like(t)).ToArray();
        var steps = p.Select(_ => zeros([], ScalarType.Float32)).ToArray();
        var m64 = expected.Select(t => zeros_like(t)).ToArray();
        var v64 = expected.Select(t => zeros_like(t)).ToArray();
        for (var step = 1; step <= 8; step++)
        {
            var lr = 0.01 * step;
            var g = shapes.Select(s => randn(s, generator: generator)).ToArray();
            for (var i = 0; i < p.Length; i++)
            {
                var grad = g[i].to_type(ScalarType.Float64) / divisor;
                expected[i] *= 1 - (lr * decay);
                m64[i] = (0.9 * m64[i]) + (0.1 * grad);
                v64[i] = (0.99 * v64[i]) + (0.01 * grad * grad);
                expected[i] -= lr / (1 - Math.Pow(0.9, step)) * m64[i] / ((v64[i] / (1 - Math.Pow(0.99, step))).sqrt() + 1e-8);
            }

            TorchOps.FusedAdamW(p, g, m, v, steps, lr, 0.9, 0.99, decay, 1e-8, divisor == 1 ? null : tensor((float)divisor));
        }

        for (var i = 0; i < p.Length; i++)
        {
            AssertClose(expected[i].to_type(ScalarType.Float32), p[i]);
            AssertClose(v64[i].to_type(ScalarType.Float32), v[i]);
            Assert.Equal(8f, steps[i].item<float>());
        }
    }

    [Fact]
    public void NormsEqualTheFormula()
    {
        using var scope = NewDisposeScope();
        for (var call = 0; call < Calls; call++)
        {
            var tensors = new[] { tensor(new float[] { 3, 4 }), full([2, 2], 2f), tensor(12f) };
            Assert.Equal([5f, 4f, 12f], TorchOps.Norms(tensors).Select(n => n.item<float>()));
            Assert.Equal(Math.Sqrt(25 + 16 + 144), TorchOps.GlobalNorm(tensors).item<float>(), 1e-5);
        }
    }

    [Fact]
    public void InPlaceOperatorsChangeTheirTensors()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        for (var call = 0; call < Calls; call++)
        {
            var tensors = new[] { tensor(new float[] { 1, 2 }).requires_grad_(), full([2, 2], 3f) };
            TorchOps.Multiply(tensors, tensor(2f));
            Assert.Equal([2f, 4f], tensors[0].data<float>().ToArray());
            TorchOps.Add(tensors, [ones(2), full([2, 2], 10f)], 0.5);
            Assert.Equal([2.5f, 4.5f], tensors[0].data<float>().ToArray());
            Assert.Equal([11f, 11f, 11f, 11f], tensors[1].data<float>().ToArray());

            var narrow = tensors.Select(t => zeros(t.shape, ScalarType.BFloat16)).ToArray();
            TorchOps.Copy(narrow, tensors);
            Assert.Equal([2.5f, 4.5f], narrow[0].to_type(ScalarType.Float32).data<float>().ToArray());
            TorchOps.Zero(tensors);
            Assert.All(tensors, t => Assert.Equal(0f, t.abs().sum().item<float>()));
        }
    }

    [Fact]
    public void AShapeErrorIsAnException()
    {
        using var scope = NewDisposeScope();
        Assert.ThrowsAny<Exception>(() => TorchOps.RmsNorm(ones(2, 4), ones(3), 1e-6));
        Assert.ThrowsAny<Exception>(() => TorchOps.Attention(ones(1, 2, 3, 4), ones(1, 2, 3, 5), ones(1, 2, 3, 4)));
        Assert.ThrowsAny<Exception>(() => TorchOps.Add([ones(2)], [ones(3)]));
    }

    [Fact]
    public void ManyCallsLeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var (x, w) = (ones(2, 8), ones(8));
        for (var i = 0; i < 50; i++)
        {
            using var inner = NewDisposeScope();
            TorchOps.RmsNorm(x, w, 1e-6);
            TorchOps.Norms([x, w]);
            TorchOps.Multiply([x], ones([]));
            Assert.True(inner.DisposablesCount <= 4);
        }
    }

    private static Tensor PlainAttention(Tensor q, Tensor k, Tensor v, Tensor? allowed, double scale)
    {
        var groups = q.shape[1] / k.shape[1];
        var (keys, values) = (k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1));
        var scores = einsum("bhtd,bhsd->bhts", q, keys) * scale;
        scores = allowed is null ? scores : scores.masked_fill(allowed.logical_not(), double.NegativeInfinity);
        return einsum("bhts,bhsd->bhtd", scores.softmax(-1), values);
    }

    private static void AssertClose(Tensor expected, Tensor actual, double tolerance = 2e-5)
    {
        Assert.Equal(expected.shape, actual.shape);
        var difference = (expected - actual).abs().max().item<float>();
        Assert.True(difference <= tolerance, $"differs by {difference}");
    }
}
