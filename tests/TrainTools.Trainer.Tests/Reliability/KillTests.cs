using System.Diagnostics;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>A trainer that is killed at random moments, also within a save, loses nothing: bench/Reliability does it a hundred times.</summary>
public sealed class KillTests : IDisposable
{
    private readonly TemporaryFolder temporary = new();

    [Fact]
    public void Killed_and_resumed_again_and_again_a_run_ends_as_if_nothing_had_happened()
    {
        var whole = RunProgram.Prepare(temporary["whole"], Config());
        RunProgram.Do(temporary["orders.json"], new RunOrder(whole.Path, false, null));

        var folder = RunProgram.Prepare(temporary["killed"], Config());
        var random = new Random(8);
        for (var kill = 0; kill < 3; kill++)
        {
            using var trainer = Start(folder);
            WaitForStep(trainer, folder, LastStep(folder) + 1);
            Thread.Sleep(random.Next(40));
            trainer.Kill();
            trainer.WaitForExit();
            Assert.Equal(RunState.Failed, FineTuneRun.Open(folder.Path).State);
            Assert.All(RunCheckpoint.Find(folder), c => CheckpointIdentity.Verify(c.Path));
        }

        using (var last = Start(folder))
        {
            last.WaitForExit();
            Assert.Equal(ExitCodes.Completed, last.ExitCode);
        }

        var model = Path.Combine("model", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Path, model)), File.ReadAllBytes(Path.Combine(folder.Path, model)));
        Assert.Equal(Losses(whole), Losses(folder));
        Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(folder.Path), p => p.EndsWith(".reserve", StringComparison.Ordinal));
        Assert.Equal([RunState.Failed, RunState.Failed, RunState.Failed, RunState.Completed], RunOutcome.Read(folder.OutcomesPath).Select(o => o.State));
    }

    public void Dispose() => temporary.Dispose();

    // A checkpoint each step: there is hardly a moment without a save under way.
    private TrainingConfig Config() => new()
    {
        Model = new ModelConfig { ModelNameOrPath = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k") },
        Data = new DataConfig { DatasetPath = [Path.Combine(AppContext.BaseDirectory, "Data", "layouts", "v1", "data.jsonl")], MaxLength = 128, Packing = false },
        Optimization = new OptimizationConfig { LearningRate = 1e-3, MaxGradNorm = 1 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupSteps = 2 },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 1 },
        Duration = new DurationConfig { MaxSteps = 24 },
        Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 1, SaveTotalLimit = 2 },
        Logging = new LoggingConfig { Tensorboard = false },
        Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
    };

    private static Process Start(RunFolder folder) => Process.Start(new ProcessStartInfo(
        DotNetRuntime.Find()!, [typeof(RunEngine).Assembly.Location, "run", folder.Path, "--resume", ResumePlan.Latest]) { RedirectStandardOutput = false })!;

    private static void WaitForStep(Process trainer, RunFolder folder, int step)
    {
        while (LastStep(folder) < step)
        {
            Assert.False(trainer.HasExited, "the trainer ended by itself");
            Thread.Sleep(10);
        }
    }

    private static int LastStep(RunFolder folder) => RunMetrics.Read(folder.MetricsPath).Steps is [.., var last] ? last.Step : 0;

    private static IEnumerable<(int, double, double)> Losses(RunFolder folder) => RunMetrics.Read(folder.MetricsPath).Steps.Select(s => (s.Step, s.Loss, s.GradNorm));
}
