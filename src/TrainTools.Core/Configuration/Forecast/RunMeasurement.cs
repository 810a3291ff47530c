using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Configuration;

/// <summary>How fast runs like this one were, from the run folders beside it.</summary>
/// <param name="TokensPerSecond">Median of the steps.</param>
/// <param name="Source">The run it was measured on.</param>
internal sealed record RunMeasurement(double TokensPerSecond, string Source)
{
    // Settings that say how much work a token is.
    private static readonly string[] Same = ["model_name_or_path", "finetuning_type", "lora_r", "target_modules", "precision", "device", "gradient_checkpointing", "packing", "max_length", "per_device_train_batch_size", "num_threads"];
    private const int FoldersLookedAt = 50;

    /// <summary>The newest measurement of the same work; null if there is none.</summary>
    /// <param name="config">A resolved config.</param>
    public static RunMeasurement? Find(TrainingConfig config)
    {
        if (string.IsNullOrEmpty(config.OutputDir) || Path.GetDirectoryName(Path.GetFullPath(config.OutputDir)) is not { } runs || !Directory.Exists(runs))
        {
            return null;
        }

        try
        {
            return Directory.EnumerateDirectories(runs)
                .Select(path => new RunFolder(path))
                .Where(f => File.Exists(f.ConfigPath) && File.Exists(f.MetricsPath))
                .OrderByDescending(f => File.GetLastWriteTimeUtc(f.MetricsPath))
                .Take(FoldersLookedAt)
                .Select(f => Read(f, config))
                .FirstOrDefault(m => m is not null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static RunMeasurement? Read(RunFolder folder, TrainingConfig config)
    {
        try
        {
            var other = ConfigYaml.Read(folder.ConfigPath);
            if (!Array.TrueForAll(Same, name => Equals(ConfigSchema.Get(name).Get(config), ConfigSchema.Get(name).Get(other))))
            {
                return null;
            }

            double[] rates = [.. RunMetrics.Read(folder.MetricsPath).Steps
                .Where(s => s is { StepSeconds: > 0, NumInputTokens: > 0 }).Select(s => s.NumInputTokens / s.StepSeconds).Order()];
            return rates.Length < 3 ? null : new RunMeasurement(rates[rates.Length / 2], folder.Path);
        }
        catch (Exception e) when (e is TrainToolsException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
