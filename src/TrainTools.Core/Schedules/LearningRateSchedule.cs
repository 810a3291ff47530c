using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Schedules;

/// <summary>
/// The learning rate of every optimizer step: a pure function of the step (and, for the two schedules that follow the
/// evaluation metric, of the metrics seen so far). Nothing to save, nothing to restore: resuming asks for the step it needs.
/// The formulas and their order of operations are those of transformers' optimization.py, so that values agree to the last digits.
/// </summary>
public sealed class LearningRateSchedule
{
    private readonly ScheduleOptions options;

    /// <summary>Makes a schedule; throws <see cref="ErrorIds.ConfigValueInvalid"/> where the options contradict each other.</summary>
    public LearningRateSchedule(ScheduleOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Validate(options);
        this.options = options;
    }

    /// <summary>The options.</summary>
    public ScheduleOptions Options => options;

    /// <summary>Whether the rate depends on evaluation metrics.</summary>
    public bool FollowsMetric => options.Type is LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy;

    /// <summary>Learning rate of an update.</summary>
    /// <param name="step">0-based number of the update.</param>
    /// <param name="metrics">Evaluation metrics seen before this update, oldest first; only the metric-following schedules look at them.</param>
    public double At(int step, IReadOnlyList<double>? metrics = null) => options.Type switch
    {
        LrSchedulerType.ReduceLrOnPlateau => MetricSchedules.ReduceOnPlateau(options, metrics ?? []),
        LrSchedulerType.Greedy => MetricSchedules.Greedy(options, metrics ?? []),
        _ => options.LearningRate * Factor(step),
    };

    private double Factor(int step)
    {
        var o = options;
        var warmup = o.WarmupSteps;
        switch (o.Type)
        {
            case LrSchedulerType.Constant:
                return 1;
            case LrSchedulerType.CosineWarmupWithMinLr:
                return CosineWarmupWithMinLr(step);
            case LrSchedulerType.WarmupStableDecay:
                return WarmupStableDecay(step);
        }

        if (step < warmup)
        {
            return (double)step / Math.Max(1, warmup);
        }

        var progress = (double)(step - warmup) / Math.Max(1, o.TotalSteps - warmup);
        switch (o.Type)
        {
            case LrSchedulerType.ConstantWithWarmup:
                return 1;
            case LrSchedulerType.Linear:
                return Math.Max(0, (double)(o.TotalSteps - step) / Math.Max(1, o.TotalSteps - warmup));
            case LrSchedulerType.Cosine:
                return Math.Max(0, Wave(progress));
            case LrSchedulerType.CosineWithMinLr:
                return Math.Max(0, AboveFloor(Wave(progress), MinRate));
            case LrSchedulerType.CosineWithRestarts:
                return progress >= 1 ? 0 : Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * (((o.NumCycles ?? 1) * progress) % 1.0))));
            case LrSchedulerType.Polynomial:
                return Polynomial(step);
            case LrSchedulerType.InverseSqrt:
                double timescale = o.Timescale ?? (warmup > 0 ? warmup : 10_000);
                return 1.0 / Math.Sqrt((step + (timescale - warmup)) / timescale);
            default:
                throw new ArgumentOutOfRangeException(nameof(step), o.Type, "unknown schedule");
        }
    }

    private double MinRate => options.MinLrRate ?? (options.MinLr / options.LearningRate) ?? 0;

    private double Wave(double progress) => 0.5 * (1.0 + Math.Cos(Math.PI * (options.NumCycles ?? 0.5) * 2.0 * progress));

    private static double AboveFloor(double factor, double floor) => (factor * (1 - floor)) + floor;

    private double Polynomial(int step)
    {
        var o = options;
        if (step > o.TotalSteps)
        {
            return o.LrEnd / o.LearningRate;
        }

        var remaining = 1 - ((double)(step - o.WarmupSteps) / Math.Max(1, o.TotalSteps - o.WarmupSteps));
        return (((o.LearningRate - o.LrEnd) * Math.Pow(remaining, o.Power)) + o.LrEnd) / o.LearningRate;
    }

    // Unlike cosine_with_min_lr this one counts the update that is being made: it starts above zero and ends at the floor.
    private double CosineWarmupWithMinLr(int step)
    {
        var o = options;
        if (step < o.WarmupSteps)
        {
            return o.WarmupLrRate is { } first
                ? first + ((1.0 - first) * step / Math.Max(1, o.WarmupSteps - 1))
                : (step + 1.0) / Math.Max(1.0, o.WarmupSteps);
        }

        var progress = (step - o.WarmupSteps + 1.0) / Math.Max(1.0, o.TotalSteps - o.WarmupSteps);
        return Math.Max(0, AboveFloor(Wave(progress), MinRate));
    }

    private double WarmupStableDecay(int step)
    {
        var o = options;
        var floor = MinRate;
        var decaySteps = o.NumDecaySteps ?? 0;
        var stableSteps = o.NumStableSteps ?? (o.TotalSteps - o.WarmupSteps - decaySteps);
        if (step < o.WarmupSteps)
        {
            var progress = (double)step / Math.Max(1, o.WarmupSteps);
            var factor = o.WarmupShape switch
            {
                RampShape.Cosine => 0.5 * (1.0 - Math.Cos(Math.PI * progress)),
                RampShape.OneMinusSqrt => 1.0 - Math.Sqrt(1.0 - progress),
                _ => progress,
            };
            return Math.Max(0, AboveFloor(factor, floor));
        }

        if (step < o.WarmupSteps + stableSteps)
        {
            return 1;
        }

        if (step < o.WarmupSteps + stableSteps + decaySteps)
        {
            var progress = (double)(step - o.WarmupSteps - stableSteps) / Math.Max(1, decaySteps);
            var factor = o.DecayShape switch
            {
                RampShape.Linear => 1.0 - progress,
                RampShape.OneMinusSqrt => 1.0 - Math.Sqrt(progress),
                _ => Wave(progress),
            };
            return Math.Max(0, AboveFloor(factor, floor));
        }

        return floor;
    }

    private static void Validate(ScheduleOptions o)
    {
        static TrainToolsException Invalid(string message, string remedy, string setting) =>
            new(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, message, remedy, setting);

        switch (o.Type)
        {
            case LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr when o.MinLr is null == o.MinLrRate is null:
                throw Invalid(
                    $"The schedule {(o.Type == LrSchedulerType.CosineWithMinLr ? "cosine_with_min_lr" : "cosine_warmup_with_min_lr")} needs exactly one of min_lr and min_lr_rate; {(o.MinLr is null ? "neither" : "both")} is set.",
                    "Set schedule.min_lr_rate, for example 0.1, and leave min_lr out.",
                    "schedule.min_lr");
            case LrSchedulerType.WarmupStableDecay when o.NumDecaySteps is null:
                throw Invalid("The schedule warmup_stable_decay needs num_decay_steps.", "Set schedule.num_decay_steps, for example a tenth of the run's steps.", "schedule.num_decay_steps");
            case LrSchedulerType.Polynomial when !(o.LearningRate > o.LrEnd):
                throw Invalid(
                    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The polynomial schedule's lr_end ({o.LrEnd}) must be smaller than the learning rate ({o.LearningRate})."),
                    "Lower schedule.lr_end or raise optimization.learning_rate.",
                    "schedule.lr_end");
        }
    }
}
