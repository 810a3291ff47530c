using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Probes;

/// <summary>Chooses the probe for a diagnosis: that of its likeliest cause that has one.</summary>
public static class ProbePlanner
{
    /// <summary>Records of the batch that is learnt by heart.</summary>
    public const int BatchRecords = 16;

    /// <summary>Checkpoints further away than this from the steps in question are not replayed from.</summary>
    public const int LongestReplay = 2000;

    private static readonly Dictionary<string, ProbeKind> Kinds = new(StringComparer.Ordinal)
    {
        [CauseIds.LearningRateTooHigh] = ProbeKind.LowerLearningRate,
        [CauseIds.WarmupTooShort] = ProbeKind.LowerLearningRate,
        [CauseIds.ClippingOff] = ProbeKind.LowerLearningRate,
        [CauseIds.LearningRateTooLow] = ProbeKind.HigherLearningRate,
        [CauseIds.ClippingTooTight] = ProbeKind.HigherLearningRate,
        [CauseIds.PrecisionOverflow] = ProbeKind.ReplayInFp32,
        [CauseIds.BadRecords] = ProbeKind.ReplayInFp32,
        [CauseIds.ParametersFrozen] = ProbeKind.OneBatch,
        [CauseIds.NotInOptimizer] = ProbeKind.OneBatch,
        [CauseIds.LabelsUnrelated] = ProbeKind.OneBatch,
        [CauseIds.LabelsMisaligned] = ProbeKind.OneBatch,
        [CauseIds.LabelsMasked] = ProbeKind.OneBatch,
        [CauseIds.ModelTooSmall] = ProbeKind.OneBatch,
    };

    /// <summary>The probe of a diagnosis; null where none of its causes has one.</summary>
    /// <param name="run">The run.</param>
    /// <param name="config">Its resolved settings.</param>
    /// <param name="diagnosis">The diagnosis.</param>
    /// <param name="steps">Steps of the branch.</param>
    public static ProbePlan? For(FineTuneRun run, TrainingConfig config, Diagnosis diagnosis, int steps)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(diagnosis);
        if (diagnosis.Causes.FirstOrDefault(c => Kinds.ContainsKey(c.Id)) is not { } cause)
        {
            return null;
        }

        var quiet = config with
        {
            OutputDir = null,
            Evaluation = config.Evaluation with { EvalStrategy = IntervalStrategy.No, LoadBestModelAtEnd = false, EarlyStoppingPatience = null },
            Checkpoints = config.Checkpoints with { SaveStrategy = IntervalStrategy.No },
            Logging = config.Logging with { LoggingSteps = 1, Tensorboard = false },
        };
        var plan = new ProbePlan { DiagnosisId = diagnosis.Id, Cause = cause.Id, Kind = Kinds[cause.Id], Config = quiet };
        return plan.Kind switch
        {
            ProbeKind.OneBatch => OneBatch(plan, steps),
            ProbeKind.ReplayInFp32 => Replay(plan, run, diagnosis),
            _ => Branch(plan, run, diagnosis, steps, Proposed(cause, config)),
        };
    }

    // The rate that the remedy proposes over the run's; null where it proposes none.
    private static double? Proposed(DiagnosisCause cause, TrainingConfig config) =>
        cause.Remedies.SelectMany(r => r.Changes).FirstOrDefault(c => c.Setting == "learning_rate") is { } change && config.Optimization.LearningRate is > 0 and var rate
            ? double.Parse(change.NewValue, System.Globalization.CultureInfo.InvariantCulture) / rate
            : null;

    // The rate stands still at a share of what the run had there. Without a checkpoint it is the run's warm-up again, as far
    // as it leaves half of the branch to the rate in question.
    private static ProbePlan Branch(ProbePlan plan, FineTuneRun run, Diagnosis diagnosis, int steps, double? proposed)
    {
        var checkpoint = Before(run, diagnosis.FirstStep);
        var from = checkpoint?.Step ?? 0;
        var seen = run.Metrics.Select(m => m.LearningRate).Where(double.IsFinite).DefaultIfEmpty(0).Max();
        var peak = plan.Config.Optimization.LearningRate is > 0 and var set ? set : seen;
        var there = run.Metrics.Where(m => m.Step > from && m.Step <= from + steps).Select(m => m.LearningRate).Where(double.IsFinite).DefaultIfEmpty(0).Max();

        // Before the peak was reached the rate on its way up says nothing of the schedule; after it the rate is a share of the peak.
        var isPast = checkpoint is not null && run.Metrics.Any(m => m.Step <= from && m.LearningRate >= 0.99 * peak);
        var rate = isPast && there > 0 ? there : peak;
        var higher = plan.Kind == ProbeKind.HigherLearningRate;
        var factor = higher ? Math.Max(RateSearch.Factor, proposed ?? 0) : Math.Min(1 / RateSearch.Factor, proposed ?? 1);
        var warmup = plan.Config.Schedule.WarmupSteps ?? (int)Math.Ceiling((plan.Config.Schedule.WarmupRatio ?? 0) * (plan.Config.Duration.MaxSteps ?? steps));
        var schedule = checkpoint is null
            ? new ScheduleConfig { LrSchedulerType = LrSchedulerType.ConstantWithWarmup, WarmupSteps = Math.Min(warmup, steps / 2) }
            : new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant, WarmupSteps = 0 };
        return (plan with
        {
            CheckpointPath = checkpoint?.Path,
            FromStep = from,
            RunRate = rate,
            PeakRate = peak,
            FirstRate = rate * factor,
            Config = plan.Config with { Schedule = schedule, Duration = plan.Config.Duration with { MaxSteps = from + steps } },
        }).At(rate * factor);
    }

    private static ProbePlan? Replay(ProbePlan plan, FineTuneRun run, Diagnosis diagnosis)
    {
        var checkpoint = Before(run, diagnosis.FirstStep);
        var from = checkpoint?.Step ?? 0;
        var last = diagnosis.FirstStep + 5;
        return last - from > LongestReplay ? null : plan with
        {
            CheckpointPath = checkpoint?.Path,
            FromStep = from,
            Window = (diagnosis.FirstStep, last),
            Config = plan.Config with { Runtime = plan.Config.Runtime with { Precision = Precision.Fp32 } },
        };
    }

    private static ProbePlan OneBatch(ProbePlan plan, int steps) => plan with
    {
        BatchRecords = BatchRecords,
        Config = plan.Config with
        {
            Data = plan.Config.Data with { ValidationPath = [], ValidationSplit = null, Packing = false, Shuffle = false, Curriculum = false },
            Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant, WarmupSteps = 0 },
            Batch = plan.Config.Batch with { PerDeviceTrainBatchSize = BatchRecords, GradientAccumulationSteps = 1 },
            Duration = plan.Config.Duration with { MaxSteps = steps },
        },
    };

    private static RunCheckpoint? Before(FineTuneRun run, int step) => run.Checkpoints.LastOrDefault(c => c.Step < step);
}
