using TrainTools.Parity;
using TrainTools.Parity.Adapters;

namespace TrainTools.Trainer.Tests.Adapters;

/// <summary>Adapters against figures computed by PEFT; bench/Parity runs the same comparisons on any folder.</summary>
public sealed class LoraParityTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Names { get; } = new(new LoraParitySuite().Find(Data).Select(c => c.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void EqualsPeft(string name)
    {
        var results = ParityRunner.Run(new LoraParitySuite().Find(Data).Single(c => c.Name == name));

        Assert.True(results.Count >= 15, $"only {results.Count} comparisons");
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Difference:G3} of {r.Tolerance:G3}. {r.Detail}"));
    }

    [Fact]
    public void EveryCaseIsAmongThem() => Assert.Equal(10, Names.Count);
}
