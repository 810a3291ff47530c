using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Remedies;

/// <summary>
/// Chooses what a run may do about its own diagnosis without being asked: only what is safe (a lower learning rate, clipping,
/// more accumulation, shuffling, leaving out a few bad records), and only after going back to the last checkpoint before the
/// trouble.
/// </summary>
public static class AutoRemedy
{
    /// <summary>Remedies a run applies at most; a run that needs more needs a person.</summary>
    public const int Most = 3;

    /// <summary>Records that are left out at most at one time.</summary>
    public const int MostRecords = 64;

    /// <summary>What can be done about a diagnosis; null where nothing is safe.</summary>
    /// <param name="diagnosis">The diagnosis.</param>
    /// <param name="config">The run's settings.</param>
    /// <param name="checkpoints">Its checkpoints.</param>
    /// <param name="step">Step after which it was stopped.</param>
    /// <param name="maxSteps">Steps of the whole run.</param>
    public static AppliedRemedy? Choose(Diagnosis diagnosis, TrainingConfig config, IReadOnlyList<RunCheckpoint> checkpoints, int step, int maxSteps)
    {
        ArgumentNullException.ThrowIfNull(diagnosis);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(checkpoints);
        if (!IsTreatable(diagnosis))
        {
            return null;
        }

        var back = checkpoints.LastOrDefault(c => c.Step < diagnosis.FirstStep)?.Step ?? 0;
        var applied = new AppliedRemedy { At = DateTimeOffset.Now, Diagnosis = diagnosis, Changes = [], StoppedAfterStep = step, BackToStep = back };
        return SkipsRecords(diagnosis)
            ? applied with { SkippedRecords = diagnosis.Records }
            : applied with { Changes = WithSteps(SafeChanges(diagnosis), config, back, maxSteps) };
    }

    /// <summary>Whether a diagnosis warns, stands for itself and has a safe remedy.</summary>
    public static bool IsTreatable(Diagnosis diagnosis)
    {
        ArgumentNullException.ThrowIfNull(diagnosis);
        return diagnosis.IsRoot && diagnosis.IsOpen && diagnosis.Severity >= FindingSeverity.Warning && (SkipsRecords(diagnosis) || SafeChanges(diagnosis).Count > 0);
    }

    /// <summary>The settings with a remedy's changes.</summary>
    public static TrainingConfig Apply(TrainingConfig config, AppliedRemedy remedy)
    {
        ArgumentNullException.ThrowIfNull(remedy);
        return remedy.Changes.Aggregate(config, (changed, change) => ConfigYaml.Set(changed, change.Setting, change.NewValue));
    }

    private static bool SkipsRecords(Diagnosis diagnosis) => diagnosis.Cause?.Id == CauseIds.BadRecords && diagnosis.Records.Count is > 0 and <= MostRecords;

    // Of the likeliest cause alone: a remedy for something else is not safe, it is beside the point.
    private static IReadOnlyList<RemedyChange> SafeChanges(Diagnosis diagnosis) =>
        diagnosis.Cause?.Remedies.FirstOrDefault(r => r.IsSafe && r.Changes.Count > 0)?.Changes ?? [];

    // More micro-batches a step leave fewer steps for the same rows.
    private static IReadOnlyList<RemedyChange> WithSteps(IReadOnlyList<RemedyChange> changes, TrainingConfig config, int back, int maxSteps)
    {
        if (changes.FirstOrDefault(c => c.Setting == "gradient_accumulation_steps") is not { } accumulation)
        {
            return changes;
        }

        var factor = double.Parse(accumulation.NewValue, CultureInfo.InvariantCulture) / (config.Batch.GradientAccumulationSteps ?? 1);
        var steps = back + (int)Math.Ceiling((maxSteps - back) / factor);
        return [.. changes, new RemedyChange("max_steps", config.Duration.MaxSteps?.ToString(CultureInfo.InvariantCulture), steps.ToString(CultureInfo.InvariantCulture))];
    }
}
