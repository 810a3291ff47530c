using TrainTools.Bench.Forecast;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Sizes of a Llama.</summary>
internal sealed record LlamaSizes(int Hidden, int Layers, int Heads, int Intermediate, int Vocabulary);

/// <summary>A run of a Llama with random weights on a few sentences.</summary>
internal static class MadeUpRun
{
    /// <summary>Makes model, data and run folder.</summary>
    public static RunFolder Prepare(string folder, LlamaSizes sizes, int steps, int saveSteps, int? threads)
    {
        var model = Path.Combine(folder, "model");
        ModelMaker.Llama(model, Lab.Model, sizes.Hidden, sizes.Layers, sizes.Heads, sizes.Heads / 2, sizes.Intermediate, sizes.Vocabulary);
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
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = saveSteps, SaveTotalLimit = 2 },
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 1, NumThreads = threads },
        }));
        return run;
    }
}
