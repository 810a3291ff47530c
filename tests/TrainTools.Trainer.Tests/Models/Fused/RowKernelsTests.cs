using TorchSharp;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Models.Fused;

/// <summary>Kernels for large layers against libtorch's operators and autograd, in sizes that fill no vector and no piece evenly.</summary>
public sealed class RowKernelsTests
{
    public RowKernelsTests() => random.manual_seed(3);

    [Theory]
    [InlineData(3, 5)]
    [InlineData(257, 301)]
    [InlineData(700, 512)]
    public void NormsAreThoseOfTheFormula(int rows, int width)
    {
        using var scope = NewDisposeScope();
        var x = randn(rows, width).requires_grad_();
        var weight = randn(width).requires_grad_();
        var sent = randn(rows, width);
        var residual = randn(rows, width);
        var expected = x.mul(x.pow(2).mean([-1L], keepdim: true).add(1e-5).rsqrt()).mul(weight);
        expected.backward([sent]);

        using var grad = no_grad();
        var inverse = RmsNormKernel.Inverse(x, 1e-5);
        Close(expected, RmsNormKernel.Apply(x, inverse, weight), 1e-5);
        var target = empty(rows, width);
        var weightGradient = RmsNormKernel.BackwardInto(target, residual, sent, x, inverse, weight, weightToo: true);
        Close(x.grad!.add(residual), target, 1e-5);
        Close(weight.grad!, weightGradient!, 1e-4);
        Close(x.grad!, RmsNormKernel.Backward(sent, x, inverse, weight, weightToo: false).Input, 1e-5);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(33, 1408)]
    [InlineData(127, 1009)]
    public void GatesAreThoseOfTheFormula(int rows, int width)
    {
        using var scope = NewDisposeScope();
        var gate = randn(rows, width).mul_(4).requires_grad_();
        var up = randn(rows, width).requires_grad_();
        var sent = randn(rows, width);
        using (no_grad())
        {
            gate[0, 0] = -200; // far out, where e^-x has no number
            gate[0, 1] = 200;
        }

        var expected = nn.functional.silu(gate).mul(up);
        expected.backward([sent]);

        using var grad = no_grad();
        var before = up.clone();
        Close(expected, GatedKernel.Product(gate, up, upToo: true), 1e-5);
        Assert.True(up.eq(before).all().ToBoolean());
        Close(expected, GatedKernel.Product(gate, up.clone(), upToo: false), 1e-5);
        var (product, throughGate, throughUp) = GatedKernel.Backward(gate.clone(), up.clone(), sent.clone());
        Close(expected, product, 1e-5);
        Close(gate.grad!, throughGate, 1e-5);
        Close(up.grad!, throughUp, 1e-5);
    }

    [Fact]
    public void GatesOfNaNAreNaN()
    {
        using var scope = NewDisposeScope();
        var gate = tensor([float.NaN, 1, 2]).reshape(1, 3);
        var product = GatedKernel.Product(gate, ones(1, 3), upToo: true);
        Assert.Equal([true, false, false], product.isnan().data<bool>().ToArray());
    }

    [Theory]
    [InlineData(2, 37, 3, 8, 8, false)]
    [InlineData(2, 37, 3, 8, 8, true)] // positions of their own for each row
    [InlineData(3, 70, 2, 32, 12, false)] // some of a head's dimensions
    public void RotaryPositionsAreThoseOfTheOperators(int rows, int count, int heads, int size, int dimensions, bool own)
    {
        using var scope = NewDisposeScope();
        var angles = randn(own ? rows : 1, count, 1, dimensions / 2);
        var tables = new RotaryTables(cat([angles.cos(), angles.cos()], -1), cat([angles.sin().neg(), angles.sin()], -1));
        var x = randn(rows, count, heads, size).requires_grad_();
        var sent = randn(rows, count, heads, size);
        var (expected, gradient) = Rotated(kernels: false);
        var (turned, turnedGradient) = Rotated(kernels: true);
        Close(expected, turned, 1e-6);
        Close(gradient, turnedGradient, 1e-6);

        (Tensor Output, Tensor Gradient) Rotated(bool kernels)
        {
            CompactLayer.Allowed = kernels;
            try
            {
                x.grad = null;
                Assert.Equal(kernels, RotaryFunction.Fits(x, tables));
                var output = RotaryEmbedding.Apply(x, tables);
                output.backward([sent]);
                return (output, x.grad!.clone());
            }
            finally
            {
                CompactLayer.Allowed = true;
            }
        }
    }

    private static void Close(Tensor expected, Tensor actual, double tolerance) =>
        Assert.True(actual.allclose(expected, tolerance, tolerance), $"off by {actual.sub(expected).abs().max().ToSingle()}");
}
