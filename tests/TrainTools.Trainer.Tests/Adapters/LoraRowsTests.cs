using TorchSharp;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

/// <summary>An adapter's kernel against the formula and autograd in float64, with the mask written out.</summary>
public sealed class LoraRowsTests
{
    [Theory]
    [InlineData(32, 64, 96, 16, 1.0)]
    [InlineData(33, 50, 70, 8, 1.0)] // nothing fills a vector
    [InlineData(301, 96, 40, 4, 0.8)]
    [InlineData(515, 130, 260, 16, 0.5)] // several parts and pieces, rows that begin within a block of the mask
    [InlineData(4200, 64, 32, 16, 0.9)] // more rows than parts have at least
    [InlineData(130, 64, 64, 64, 0.7)]
    [InlineData(64, 32, 48, 20, 0.7)]
    public void IsTheFormula(int rows, int width, int outputs, int rank, double keep)
    {
        using var scope = NewDisposeScope();
        random.manual_seed(4);
        var mask = keep < 1 ? (SeededMask)new SeededMask(width, 11, keep).Rows(3, rows) : null;
        var (x, a, b) = (randn(rows, width), randn(rank, width).requires_grad_(), randn(outputs, rank).requires_grad_());
        var (before, sent, input) = (randn(rows, outputs), randn(rows, outputs), randn(rows, width));
        Assert.True(LoraRows.Fits(mask, a, b, x) || !System.Runtime.Intrinsics.Vector512.IsHardwareAccelerated);

        var wide = x.to_type(ScalarType.Float64).requires_grad_();
        var (wideA, wideB) = (a.detach().to_type(ScalarType.Float64).requires_grad_(), b.detach().to_type(ScalarType.Float64).requires_grad_());
        var seen = mask is null ? wide : wide.mul(mask.AsTensor(rows));
        var share = seen.mm(wideA.t()).mm(wideB.t()).mul(0.7);
        share.backward([sent.to_type(ScalarType.Float64)]);

        using var grad = no_grad();
        var output = before.clone();
        LoraKernel.AddTo(output, x, mask, a, b, 0.7);
        Close(before.add(share), output);
        var target = input.clone();
        LoraKernel.Backward(target, sent, x, mask, a, b, 0.7);
        Close(input.add(wide.grad!), target);
        Close(wideA.grad!, a.grad!);
        Close(wideB.grad!, b.grad!);

        // Once more: gradients add up, and each half can be asked for alone.
        var alone = input.clone();
        LoraKernel.Backward(alone, sent, null, mask, a, b, 0.7);
        Assert.True(alone.eq(target).all().ToBoolean());
        Close(wideA.grad!, a.grad!);
        LoraKernel.Backward(null, sent, x, mask, a, b, 0.7);
        Close(wideA.grad!.mul(2), a.grad!);
        Close(wideB.grad!.mul(2), b.grad!);
    }

    [Fact]
    public void BitsDoNotDependOnThreads()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(5);
        var mask = new SeededMask(96, 2, 0.9);
        var (x, sent) = (randn(700, 96), randn(700, 80));
        var (a, b) = (randn(16, 96).requires_grad_(), randn(80, 16).requires_grad_());
        var threads = get_num_threads();
        List<List<Tensor>> results = [];
        try
        {
            foreach (var count in (int[])[1, 2, 3, 2])
            {
                set_num_threads(count);
                (a.grad, b.grad) = (null, null);
                using var grad = no_grad();
                var (output, target) = (zeros(700, 80), zeros(700, 96));
                LoraKernel.AddTo(output, x, mask, a, b, 2);
                LoraKernel.Backward(target, sent, x, mask, a, b, 2);
                results.Add([output, target, a.grad!.clone(), b.grad!.clone()]);
            }
        }
        finally
        {
            set_num_threads(threads);
        }

        Assert.All(results, r => Assert.All(r.Zip(results[0]), p => Assert.True(p.First.eq(p.Second).all().ToBoolean())));
    }

    private static void Close(Tensor expected, Tensor actual)
    {
        var difference = actual.to_type(ScalarType.Float64).sub(expected).abs().max().ToDouble();
        Assert.InRange(difference, 0, 2e-6 * Math.Max(1, expected.abs().max().ToDouble()));
    }
}
