using TrainTools.Parity;
using TrainTools.Parity.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Training against real runs of transformers' Trainer and TRL's SFTTrainer; bench/Parity runs the same comparisons on any folder.</summary>
public sealed class TrainingParityTests
{
    private static readonly IParitySuite[] Suites = [new TrainerParitySuite(), new SftParitySuite(), new LossesParitySuite(), new PackingParitySuite()];

    public static TheoryData<string> Names { get; } = new(Suites.SelectMany(s => s.Find(TestFiles.Root)).Select(c => c.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void EqualsTheLibraries(string name)
    {
        var results = ParityRunner.Run(Suites.SelectMany(s => s.Find(TestFiles.Root)).Single(c => c.Name == name));
        Assert.NotEmpty(results);
        Assert.All(results, r => Assert.True(r.Passed, $"{r.What}: {r.Difference:G3} of {r.Tolerance:G3}. {r.Detail}"));
    }

    // 21 runs of the Trainer, 20 of the SFTTrainer, the losses, 8 packed forward passes.
    [Fact]
    public void NothingIsLeftOut() => Assert.Equal((21, 20, 8), (Count("trainer/"), Count("sft/"), Count("packing/forward")));

    private static int Count(string prefix) => Suites.SelectMany(s => s.Find(TestFiles.Root)).Count(c => c.Name.StartsWith(prefix, StringComparison.Ordinal));
}
