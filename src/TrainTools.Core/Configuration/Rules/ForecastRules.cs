using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on what the forecast says the run will need.</summary>
internal static class ForecastRules
{
    // What is left free must cover what the forecast can be off by.
    private const double SafeShare = 0.85;

    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "MemoryFits",
            Title = "The run fits into memory",
            Settings = ["per_device_train_batch_size", "gradient_accumulation_steps", "gradient_checkpointing", "max_length", "finetuning_type"],
            Source = "the forecast, held against measured peaks by bench/Forecast",
            Levels = "Error where the forecast is above the device's memory, Warning where it is above 85 % of it",
            Why = "A run that needs more memory than there is ends at its first long batch.",
            Test = Memory,
        },
        new()
        {
            Id = "CheckpointingNeedless",
            Title = "Gradient checkpointing is needed",
            Settings = ["gradient_checkpointing"],
            Source = "torchtune's measurements: -42 % memory for -21 % speed",
            Levels = "Info where the run fits into half of the memory without it",
            Why = "Checkpointing computes every activation twice: about a quarter of the time, for memory that is there.",
            Test = c =>
            {
                if (!c.Config.Batch.GradientCheckpointing || c.Forecast?.Memory?.AvailableBytes is not { } available)
                {
                    return None;
                }

                var without = Peak(c, c.Config with { Batch = c.Config.Batch with { GradientCheckpointing = false } });
                return without > available / 2 ? None : Found(
                    Info, $"Without checkpointing the run needs about {Bytes(without)} of {Bytes(available)}: it would be about a quarter faster.", "false", [("gradient_checkpointing", false)]);
            },
        },
        new()
        {
            Id = "DiskFits",
            Title = "The checkpoints fit onto the disk",
            Settings = ["save_total_limit", "output_dir", "save_strategy", "save_steps"],
            Source = "the forecast",
            Levels = "Error where the run needs more than is free, Warning where it needs more than 90 % of it",
            Why = "A run on a full disk loses its next checkpoint.",
            Test = c =>
            {
                if (c.Forecast is not { DiskBytes: { } needed, FreeDiskBytes: { } free, CheckpointBytes: { } one } || needed <= 0.9 * free)
                {
                    return None;
                }

                var limit = (int)Math.Clamp(((0.9 * free) - one) / one, 0, 1000) - 2;
                return Found(
                    needed > free ? Error : Warning,
                    $"The run folder takes up to {Bytes(needed)} (a checkpoint is {Bytes(one)}), and {Bytes(free)} are free.",
                    $"at most {Bytes(0.9 * free)}",
                    limit >= 1 && limit < (c.Config.Checkpoints.SaveTotalLimit ?? int.MaxValue) ? [("save_total_limit", limit)] : null,
                    "Free some space, or choose another output_dir.");
            },
        },
    ];

    private static IEnumerable<ConfigFinding> Memory(RuleContext c)
    {
        if (c.Forecast?.Memory is not { AvailableBytes: > 0 and var available } memory || memory.PeakBytes <= SafeShare * available)
        {
            return None;
        }

        var changes = Smaller(c, (long)(SafeShare * available));
        return Found(
            memory.PeakBytes > available ? Error : Warning,
            $"The run needs about {Bytes(memory.PeakBytes)}, and the device has {Bytes(available)}.",
            $"at most {Bytes(SafeShare * available)}",
            changes,
            changes is null ? $"Take {(c.Config.Method.FinetuningType switch { TrainingMethod.Full => "adapters (finetuning_type lora or qlora), ", TrainingMethod.Lora => "a base in four bits (finetuning_type qlora), ", _ => string.Empty })}a shorter max_length, or a smaller model." : "The effective batch stays as it is.",
            evidence: [.. memory.Parts.OrderByDescending(p => p.Bytes).Select(p => $"{p.Name}: {p.Size} ({p.From})")]);
    }

    // Halves the micro-batch and doubles accumulation until it fits, with checkpointing where that is not enough.
    private static (string, object?)[]? Smaller(RuleContext c, long limit)
    {
        foreach (var checkpointing in c.Config.Batch.GradientCheckpointing ? new[] { true } : [false, true])
        {
            var (rows, passes) = (c.Config.Batch.PerDeviceTrainBatchSize!.Value, c.Config.Batch.GradientAccumulationSteps!.Value);
            for (; rows >= 1; rows /= 2, passes *= 2)
            {
                var batch = c.Config.Batch with { PerDeviceTrainBatchSize = rows, GradientAccumulationSteps = passes, GradientCheckpointing = checkpointing };
                if (batch != c.Config.Batch && Peak(c, c.Config with { Batch = batch }) <= limit)
                {
                    return [("per_device_train_batch_size", rows), ("gradient_accumulation_steps", passes), ("gradient_checkpointing", checkpointing)];
                }
            }
        }

        return null;
    }

    private static long Peak(RuleContext c, TrainingConfig config) =>
        MemoryForecaster.Create(config, c.Facts, c.Forecast!.TrainableParameters!.Value)!.PeakBytes;
}
