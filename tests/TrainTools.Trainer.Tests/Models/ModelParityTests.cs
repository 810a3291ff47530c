using TrainTools.Parity;
using TrainTools.Parity.Models;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>Every family against figures computed by transformers; bench/Parity runs the same comparisons on any folder.</summary>
public sealed class ModelParityTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Names { get; } = new(new ModelParitySuite().Find(Data).Select(c => c.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void EqualsTransformers(string name)
    {
        var results = ParityRunner.Run(new ModelParitySuite().Find(Data).Single(c => c.Name == name));

        Assert.True(results.Count >= 12, $"only {results.Count} comparisons");
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Difference:G3} of {r.Tolerance:G3}. {r.Detail}"));
    }

    [Fact]
    public void EveryFamilyIsAmongThem() => Assert.Equal(22, Names.Count);
}
