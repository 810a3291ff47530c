using TorchSharp;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>Masks that can be made again.</summary>
public sealed class SeededMaskTests
{
    [Theory]
    [InlineData(0.95)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public void KeepsTheShareAskedFor(double keep)
    {
        using var scope = torch.NewDisposeScope();
        const long Count = 1001 * 1003; // odd, and several pieces
        var mask = new SeededMask(1003, 7, keep).AsTensor(1001);
        Assert.Equal(torch.ScalarType.Bool, mask.dtype);

        // Five standard deviations of a binomial.
        Assert.InRange(mask.sum().ToInt64() / (double)Count, keep - (5 * Math.Sqrt(keep * (1 - keep) / Count)), keep + (5 * Math.Sqrt(keep * (1 - keep) / Count)));

        // Numbers beside each other, those that share a hash, those of a column, and those of the next seed have nothing to do with each other.
        var values = mask.to_type(torch.ScalarType.Float64).sub(keep);
        var next = new SeededMask(1003, 8, keep).AsTensor(1001).to_type(torch.ScalarType.Float64).sub(keep);
        Assert.InRange(values.narrow(1, 0, 1002).mul(values.narrow(1, 1, 1002)).mean().ToDouble(), -0.002, 0.002);
        Assert.InRange(values.narrow(1, 0, 995).mul(values.narrow(1, 8, 995)).mean().ToDouble(), -0.002, 0.002);
        Assert.InRange(values.narrow(0, 0, 1000).mul(values.narrow(0, 1, 1000)).mean().ToDouble(), -0.002, 0.002);
        Assert.InRange(values.mul(next).mean().ToDouble(), -0.002, 0.002);
    }

    [Fact]
    public void IsTheSameForTheSameSeedOnly()
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(new SeededMask(700, 1, 0.5).AsTensor(600).eq(new SeededMask(700, 1, 0.5).AsTensor(600)).all().ToBoolean());
        Assert.False(new SeededMask(700, 1, 0.5).AsTensor(600).eq(new SeededMask(700, 2, 0.5).AsTensor(600)).all().ToBoolean());
    }

    [Fact]
    public void NothingIsDroppedOrEverything()
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(new SeededMask(100, 3, 1).AsTensor(100).all().ToBoolean());
        Assert.False(new SeededMask(100, 3, 0).AsTensor(100).any().ToBoolean());
        Assert.Equal(0, new SeededMask(5, 3, 0.5).AsTensor(0).numel());
    }

    [Theory]
    [InlineData(600, 701)] // rows that begin within a block
    [InlineData(3, 5)]
    public void AppliedInOnePassItIsTheSameMask(long rows, long columns)
    {
        using var scope = torch.NewDisposeScope();
        var mask = new SeededMask(columns, 9, 0.7);
        var kept = mask.AsTensor(rows);
        var x = torch.randn(rows, columns);
        Assert.True(mask.Applied(x).eq(x.mul(kept)).all().ToBoolean());
        Assert.True(mask.Rows(1, rows - 1).Applied(x.narrow(0, 1, rows - 1)).eq(x.mul(kept).narrow(0, 1, rows - 1)).all().ToBoolean());

        var (target, product) = (torch.randn(rows, columns), torch.randn(rows, columns));
        var expected = target.add(product.mul(kept));
        mask.AddApplied(target, product);
        Assert.True(target.eq(expected).all().ToBoolean());

        // Other types and layouts go through the mask itself.
        var half = x.to_type(torch.ScalarType.BFloat16);
        Assert.True(mask.Applied(half).eq(half.mul(kept)).all().ToBoolean());
        var turned = torch.randn(columns, rows).t();
        Assert.True(mask.Applied(turned).eq(turned.mul(kept)).all().ToBoolean());
    }
}
