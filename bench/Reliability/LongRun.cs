using System.Diagnostics;
using TrainTools.Bench.Forecast;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Many steps of a tiny model: resident memory and open handles must be flat, metrics complete.</summary>
internal static class LongRun
{
    public static int Run(int steps)
    {
        var folder = Directory.CreateTempSubdirectory("traintools-long-").FullName;
        try
        {
            var model = Path.Combine(folder, "model");
            ModelMaker.Llama(model, Lab.Model, hidden: 16, layers: 1, heads: 2, keyValueHeads: 1, intermediate: 32, vocabulary: 512);
            var data = Path.Combine(folder, "data.jsonl");
            File.WriteAllLines(data, Enumerable.Range(0, 64).Select(i => $$"""{"text": "Tom has {{i}} red apples and {{i % 5}} dogs."}"""));
            var run = new RunFolder(Path.Combine(folder, "run"));
            Directory.CreateDirectory(run.Path);
            File.WriteAllText(run.ConfigPath, ConfigYaml.Write(new TrainingConfig
            {
                Model = new ModelConfig { ModelNameOrPath = model },
                Data = new DataConfig { DatasetPath = [data], MaxLength = 32, Packing = false },
                Optimization = new OptimizationConfig { LearningRate = 1e-3, MaxGradNorm = 1 },
                Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupSteps = 10 },
                Batch = new BatchConfig { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 1 },
                Duration = new DurationConfig { MaxSteps = steps },
                Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = Math.Max(1, steps / 20), SaveTotalLimit = 2 },
                Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 1, NumThreads = 1 },
            }));
            var clock = Stopwatch.StartNew();
            var trainer = Lab.Start(run);
            Console.WriteLine("  step  resident MB  handles  threads");
            for (var at = Math.Max(1, steps / 10); at <= steps && trainer.WaitForStep(at); at += Math.Max(1, steps / 10))
            {
                trainer.Process.Refresh();
                var handles = Handles(trainer.Process);
                Console.WriteLine(FormattableString.Invariant($"{at,6}  {trainer.Process.WorkingSet64 / 1048576.0,11:F1}  {handles,7}  {trainer.Process.Threads.Count,7}"));
            }

            var ended = trainer.Finish();
            var logged = RunMetrics.Read(run.MetricsPath).Steps;
            var complete = logged.Count == steps && logged.Select((s, i) => s.Step == i + 1).All(x => x);
            Console.WriteLine(FormattableString.Invariant($"exit code {ended.ExitCode}, {logged.Count} of {steps} steps in metrics.jsonl{(complete ? ", each once and in order" : "")}, {clock.Elapsed.TotalSeconds:F0} s"));
            return ended.ExitCode == 0 && complete ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Handles(Process process)
    {
        try
        {
            return OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length : process.HandleCount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return -1; // it has just ended
        }
    }
}
