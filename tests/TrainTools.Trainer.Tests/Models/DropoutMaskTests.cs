using TorchSharp;
using TrainTools.Trainer.Models.Parts;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>Masks that can be made again.</summary>
public sealed class DropoutMaskTests
{
    [Theory]
    [InlineData(0.95)]
    [InlineData(0.5)]
    [InlineData(0.1)]
    public void KeepsTheShareAskedFor(double keep)
    {
        using var scope = torch.NewDisposeScope();
        const long Count = 1001 * 1003; // odd, and several pieces
        var mask = DropoutMask.Create(1001, 1003, 7, keep);
        Assert.Equal(torch.ScalarType.Bool, mask.dtype);

        // Five standard deviations of a binomial.
        Assert.InRange(mask.sum().ToInt64() / (double)Count, keep - (5 * Math.Sqrt(keep * (1 - keep) / Count)), keep + (5 * Math.Sqrt(keep * (1 - keep) / Count)));

        // Neighbours in a row and in a column have nothing to do with each other.
        var values = mask.to_type(torch.ScalarType.Float64).sub(keep);
        Assert.InRange(values.narrow(1, 0, 1002).mul(values.narrow(1, 1, 1002)).mean().ToDouble(), -0.002, 0.002);
        Assert.InRange(values.narrow(0, 0, 1000).mul(values.narrow(0, 1, 1000)).mean().ToDouble(), -0.002, 0.002);
    }

    [Fact]
    public void IsTheSameForTheSameSeedOnly()
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(DropoutMask.Create(600, 700, 1, 0.5).eq(DropoutMask.Create(600, 700, 1, 0.5)).all().ToBoolean());
        Assert.False(DropoutMask.Create(600, 700, 1, 0.5).eq(DropoutMask.Create(600, 700, 2, 0.5)).all().ToBoolean());
    }

    [Fact]
    public void NothingIsDroppedOrEverything()
    {
        using var scope = torch.NewDisposeScope();
        Assert.True(DropoutMask.Create(100, 100, 3, 1).all().ToBoolean());
        Assert.False(DropoutMask.Create(100, 100, 3, 0).any().ToBoolean());
        Assert.Equal(0, DropoutMask.Create(0, 5, 3, 0.5).numel());
    }
}
