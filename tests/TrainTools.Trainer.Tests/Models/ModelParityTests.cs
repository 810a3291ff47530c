using TrainTools.Parity;
using TrainTools.Parity.Models;

namespace TrainTools.Trainer.Tests.Models;

/// <summary>
/// Every family against figures computed by transformers 5.12; bench/Parity runs the same comparisons on any folder.
/// Data/models has one model or two a family, Data/variants smaller ones for the settings of each family's config.
/// </summary>
public sealed class ModelParityTests
{
    private static readonly string Data = Path.Combine(AppContext.BaseDirectory, "Data");

    public static TheoryData<string> Models { get; } = Names(Data);

    public static TheoryData<string> Variants { get; } = Names(Path.Combine(Data, "variants"));

    [Theory]
    [MemberData(nameof(Models))]
    public void EqualsTransformers(string name) => Compare(Data, name);

    [Theory]
    [MemberData(nameof(Variants))]
    public void EqualsTransformersForEverySettingOfItsConfig(string name) => Compare(Path.Combine(Data, "variants"), name);

    [Fact]
    public void EveryFamilyIsAmongThem()
    {
        Assert.Equal(22, Models.Count);
        Assert.Equal(62, Variants.Count);
    }

    private static TheoryData<string> Names(string folder) => new(new ModelParitySuite().Find(folder).Select(c => c.Name));

    private static void Compare(string folder, string name)
    {
        var results = ParityRunner.Run(new ModelParitySuite().Find(folder).Single(c => c.Name == name));

        Assert.True(results.Count >= 12, $"only {results.Count} comparisons");
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Difference:G3} of {r.Tolerance:G3}. {r.Detail}"));
    }
}
