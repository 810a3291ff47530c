using System.Diagnostics;
using TrainTools.Bench.Forecast;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Saves a larger model a few times while it trains: how long it stood still, beside a plain copy of as many bytes and the write.</summary>
internal static class SavingCase
{
    public static int Run()
    {
        var folder = Directory.CreateTempSubdirectory("traintools-saving-").FullName;
        try
        {
            var model = Path.Combine(folder, "model");
            ModelMaker.Llama(model, Lab.Model, hidden: 512, layers: 8, heads: 8, keyValueHeads: 4, intermediate: 1536, vocabulary: 8192);
            var data = Path.Combine(folder, "data.jsonl");
            File.WriteAllLines(data, Enumerable.Range(0, 32).Select(i => $$"""{"text": "Tom has {{i}} red apples and {{i % 5}} dogs."}"""));
            var run = new RunFolder(Path.Combine(folder, "run"));
            Directory.CreateDirectory(run.Path);
            File.WriteAllText(run.ConfigPath, ConfigYaml.Write(new TrainingConfig
            {
                Model = new ModelConfig { ModelNameOrPath = model },
                Data = new DataConfig { DatasetPath = [data], MaxLength = 32, Packing = false },
                Optimization = new OptimizationConfig { LearningRate = 1e-4, MaxGradNorm = 1 },
                Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant },
                Batch = new BatchConfig { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 1 },
                Duration = new DurationConfig { MaxSteps = 40 },
                Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 10, SaveTotalLimit = 1 },
                Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 1 },
            }));
            var ended = Lab.Start(run).Finish();
            Console.WriteLine("  step      MB  stood still ms  copy ms  write ms   step ms");
            foreach (var saved in ended.Events.OfType<CheckpointSaved>())
            {
                var step = ended.Events.OfType<TrainingStep>().First(s => s.Step == saved.Step).StepSeconds;
                Console.WriteLine(FormattableString.Invariant(
                    $"{saved.Step,6}  {saved.Bytes / 1e6,6:F0}  {1000 * saved.HeldSeconds,14:F0}  {1000 * Copy(saved.Bytes ?? 0),7:F0}  {1000 * saved.WriteSeconds,8:F0}  {1000 * step,8:F0}"));
            }

            return ended.ExitCode;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Seconds to copy as many bytes into fresh memory, in pieces of 4 MB, as the state's tensors are.</summary>
    private static double Copy(long bytes)
    {
        var source = new byte[4 << 20];
        new Random(1).NextBytes(source);
        var clock = Stopwatch.StartNew();
        var copies = new List<byte[]>();
        for (long done = 0; done < bytes; done += source.Length)
        {
            var copy = GC.AllocateUninitializedArray<byte>(source.Length);
            source.CopyTo(copy, 0);
            copies.Add(copy);
        }

        GC.KeepAlive(copies);
        return clock.Elapsed.TotalSeconds;
    }
}
