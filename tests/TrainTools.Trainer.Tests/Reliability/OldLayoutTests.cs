using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>Checkpoints of earlier layouts go on.</summary>
public sealed class OldLayoutTests : IDisposable
{
    private static readonly string Layouts = Path.Combine(AppContext.BaseDirectory, "Data", "layouts");

    /// <summary>As the version that wrote the checkpoint went on itself, without dropout (its masks are drawn otherwise today).</summary>
    private static readonly double[] Losses = [2.9079244314146435, 2.7354534518334175, 2.5562321397124745, 2.367028513262349];

    private readonly TemporaryFolder temporary = new();

    [Fact]
    public void A_checkpoint_of_layout_1_goes_on_to_the_losses_of_its_day()
    {
        var folder = RunProgram.Prepare(temporary["run"], new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k") },
            Data = new DataConfig { DatasetPath = [Path.Combine(Layouts, "v1", "data.jsonl")], MaxLength = 128, Packing = false },
            Method = new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 1, LoraAlpha = 8, LoraDropout = 0, TargetModules = ["q_proj"] },
            Optimization = new OptimizationConfig { LearningRate = 0.01, MaxGradNorm = 1 },
            Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant, WarmupSteps = 0 },
            Batch = new BatchConfig { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 1 },
            Duration = new DurationConfig { MaxSteps = 8 },
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
        });
        var checkpoint = folder.CheckpointPath(4);
        Directory.CreateDirectory(checkpoint);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Layouts, "v1", "step-000004")))
        {
            File.Copy(file, Path.Combine(checkpoint, Path.GetFileName(file)));
        }

        Assert.Equal((2, 4, 0), CheckpointState.Read(checkpoint) is var s ? (s.Version, s.Step, s.IntervalSteps) : default);
        RunProgram.Do(temporary["orders.json"], new RunOrder(folder.Path, true, null));
        var steps = RunMetrics.Read(folder.MetricsPath).Steps;
        Assert.Equal([5, 6, 7, 8], steps.Select(x => x.Step));
        Assert.All(steps.Zip(Losses), p => Assert.Equal(p.Second, p.First.Loss, 1e-5));
    }

    [Fact]
    public void A_layout_of_the_future_is_refused_by_name()
    {
        temporary.Write("""{"version": 99, "step": 4}""", "c", "state.json");
        var error = Assert.Throws<Core.Errors.TrainToolsException>(() => CheckpointState.Read(temporary["c"]));
        Assert.Contains("layout 99", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => temporary.Dispose();
}
