using TrainTools.Core.Configuration;

namespace TrainTools.Core.Schedules;

/// <summary>Shape of the rise or fall of warmup_stable_decay.</summary>
public enum RampShape
{
    /// <summary>A straight line.</summary>
    Linear,

    /// <summary>A half cosine wave.</summary>
    Cosine,

    /// <summary>One minus the square root.</summary>
    OneMinusSqrt,
}

/// <summary>
/// Everything a learning-rate schedule depends on besides the step, with the defaults of transformers
/// (src/transformers/optimization.py).
/// </summary>
public sealed record ScheduleOptions
{
    /// <summary>The schedule.</summary>
    public required LrSchedulerType Type { get; init; }

    /// <summary>Peak learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Warm-up in optimizer steps.</summary>
    public required int WarmupSteps { get; init; }

    /// <summary>Optimizer steps of the whole run.</summary>
    public required int TotalSteps { get; init; }

    /// <summary>Lowest rate of the schedules that have one; null = none given.</summary>
    public double? MinLr { get; init; }

    /// <summary>The same as a share of the peak.</summary>
    public double? MinLrRate { get; init; }

    /// <summary>First rate of cosine_warmup_with_min_lr as a share of the peak; null = 1 / warm-up.</summary>
    public double? WarmupLrRate { get; init; }

    /// <summary>Cosine waves; null = 0.5 (1 for cosine_with_restarts).</summary>
    public double? NumCycles { get; init; }

    /// <summary>Power of the polynomial.</summary>
    public double Power { get; init; } = 1.0;

    /// <summary>Final rate of the polynomial.</summary>
    public double LrEnd { get; init; } = 1e-7;

    /// <summary>Time scale of inverse_sqrt in steps; null = the warm-up, or 10,000 without one.</summary>
    public int? Timescale { get; init; }

    /// <summary>Steps of the fall of warmup_stable_decay.</summary>
    public int? NumDecaySteps { get; init; }

    /// <summary>Steps at the peak of warmup_stable_decay; null = what warm-up and decay leave.</summary>
    public int? NumStableSteps { get; init; }

    /// <summary>Rise of warmup_stable_decay.</summary>
    public RampShape WarmupShape { get; init; } = RampShape.Linear;

    /// <summary>Fall of warmup_stable_decay.</summary>
    public RampShape DecayShape { get; init; } = RampShape.Cosine;

    /// <summary>Whether a higher metric is better, for the schedules that follow the evaluation metric.</summary>
    public bool GreaterIsBetter { get; init; }

    /// <summary>The options of a configuration.</summary>
    /// <param name="config">The schedule's settings.</param>
    /// <param name="learningRate">Peak learning rate.</param>
    /// <param name="totalSteps">Optimizer steps of the whole run.</param>
    /// <param name="greaterIsBetter">Whether a higher evaluation metric is better.</param>
    public static ScheduleOptions From(ScheduleConfig config, double learningRate, int totalSteps, bool greaterIsBetter = false)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new ScheduleOptions
        {
            Type = config.LrSchedulerType,
            LearningRate = learningRate,
            WarmupSteps = Warmup.Steps(config.WarmupSteps, config.WarmupRatio, totalSteps),
            TotalSteps = totalSteps,
            MinLr = config.MinLr,
            MinLrRate = config.MinLrRate,
            NumCycles = config.NumCycles,
            Power = config.Power,
            LrEnd = config.LrEnd,
            Timescale = config.Timescale,
            NumDecaySteps = config.NumDecaySteps,
            NumStableSteps = config.NumStableSteps,
            GreaterIsBetter = greaterIsBetter,
        };
    }
}
