using TrainTools.Core.Files;

namespace TrainTools.Core.Configuration;

/// <summary>Says what a run will need.</summary>
public static class RunForecaster
{
    /// <summary>Makes the forecast.</summary>
    /// <param name="config">The config; what it leaves open is resolved.</param>
    /// <param name="facts">What is known of model, data and device; null = what the config's paths show.</param>
    public static RunForecast Create(TrainingConfig config, ConfigFacts? facts = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        facts ??= ConfigFacts.Gather(config);
        return CreateResolved(ConfigResolver.Resolve(config, facts).Config, facts);
    }

    /// <summary>The forecast of a config that is resolved already.</summary>
    internal static RunForecast CreateResolved(TrainingConfig config, ConfigFacts facts)
    {
        var outline = RunOutline.Create(config, facts.Data);
        var total = facts.Model?.ParameterCount;
        var trainable = facts.Model is null ? null : AdapterCount.Trainable(config, facts.Model);
        var checkpoint = Checkpoint(config, total, trainable);
        var device = facts.Device.For(config.Runtime.Device);
        var measured = outline is null ? null : RunMeasurement.Find(config);
        return new RunForecast
        {
            TotalParameters = config.Method.FinetuningType == TrainingMethod.Full ? total : total + trainable,
            TrainableParameters = trainable,
            Steps = outline?.Plan.MaxSteps ?? config.Duration.MaxSteps,
            Epochs = outline?.Epochs,
            Records = outline?.Records,
            Rows = outline?.Rows,
            Tokens = outline?.TokensPerEpoch * outline?.Epochs,
            IsRough = outline?.IsRough ?? true,
            Device = device.MemoryBytes is { } size ? $"{device.Name ?? device.Kind} ({ConfigText.Bytes(size)})" : device.Name ?? device.Kind,
            Memory = trainable is null ? null : MemoryForecaster.Create(config, facts, trainable.Value),
            CheckpointBytes = checkpoint,
            DiskBytes = Disk(config, outline, checkpoint, total, trainable),
            FreeDiskBytes = FreeDisk(config.OutputDir),
            Duration = measured is null ? null : TimeSpan.FromSeconds(outline!.TokensPerEpoch * outline.Epochs / measured.TokensPerSecond),
            DurationFrom = measured?.Source,
        };
    }

    // Weights or adapter in 32 bits, two moments.
    private static long? Checkpoint(TrainingConfig config, long? total, long? trainable) =>
        config.Method.FinetuningType == TrainingMethod.Full ? 12 * total : 12 * trainable;

    // What is kept, the best beside it, one more while it is written, and the result.
    private static long? Disk(TrainingConfig config, RunOutline? outline, long? checkpoint, long? total, long? trainable)
    {
        if (checkpoint is null)
        {
            return null;
        }

        var saves = outline is null ? null : config.Checkpoints.SaveStrategy switch
        {
            IntervalStrategy.No => 0,
            IntervalStrategy.Epoch => outline.Plan.Epochs,
            _ => (int?)(outline.Plan.MaxSteps / outline.Plan.Interval(config.Checkpoints.SaveSteps ?? 0.1)),
        };
        long limit = config.Checkpoints.SaveTotalLimit ?? int.MaxValue;
        var best = config.Evaluation.LoadBestModelAtEnd ? 1 : 0;
        var kept = Math.Min(saves ?? limit, limit + best + 1);
        return saves is null && config.Checkpoints.SaveTotalLimit is null ? null
            : (kept * checkpoint) + (4 * (config.Method.FinetuningType == TrainingMethod.Full ? total : trainable));
    }

    private static long? FreeDisk(string? folder) => string.IsNullOrEmpty(folder) ? null : DiskSpace.Free(folder);
}
