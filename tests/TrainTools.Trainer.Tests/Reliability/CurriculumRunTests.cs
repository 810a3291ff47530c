using TrainTools.Core.Cleaning;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>A curriculum in a real run: the steps' token counts show which record each of them saw.</summary>
public sealed class CurriculumRunTests : IDisposable
{
    private const int Records = 8;
    private readonly TemporaryFolder temporary = new();

    public void Dispose() => temporary.Dispose();

    [Fact]
    public void The_score_that_cleaning_wrote_decides_what_comes_first()
    {
        // The longest text is said to be the easiest.
        var tokens = Run("scored", i => $$""", "{{CleaningRun.ScoreField}}": {{Records - i}}""");
        Assert.Equal(tokens.OrderDescending(), tokens);
    }

    [Fact]
    public void Without_a_score_the_shortest_comes_first()
    {
        var tokens = Run("unscored", _ => string.Empty);
        Assert.Equal(tokens.Order(), tokens);
    }

    private long[] Run(string name, Func<int, string> score)
    {
        // Neither in the file's order: 3, 6, 1, 4, 7, 2, 5, 8 sentences.
        var data = temporary[name + ".jsonl"];
        File.WriteAllLines(data, Enumerable.Range(1, Records).Select(i => i * 3 % Records is 0 ? Records : i * 3 % Records).Select(i =>
            $$"""{"text": "{{string.Concat(Enumerable.Repeat("Tom likes his dogs. ", i))}}"{{score(i)}}}"""));
        var folder = RunProgram.Prepare(temporary[name], new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k") },
            Data = new DataConfig { DatasetPath = [data], MaxLength = 128, Packing = false, Shuffle = false, Curriculum = true, CurriculumStart = 0.125, CurriculumEnd = 1 },
            Optimization = new OptimizationConfig { LearningRate = 1e-4 },
            Batch = new BatchConfig { PerDeviceTrainBatchSize = 1, GradientAccumulationSteps = 1 },
            Duration = new DurationConfig { NumTrainEpochs = 1 },
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
        });
        RunProgram.Do(temporary[name + ".orders.json"], new RunOrder(folder.Path, false, null));
        var steps = RunMetrics.Read(folder.MetricsPath).Steps;
        Assert.Equal(Records, steps.Select(s => s.NumInputTokens).Distinct().Count());
        return [.. steps.Select(s => s.NumInputTokens)];
    }
}
