using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on the learning-rate schedule and its arguments.</summary>
internal static class ScheduleRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "ScheduleChoice",
            Title = "The schedule is one the notes name",
            Settings = ["lr_scheduler_type"],
            Source = Sources.Notes,
            Levels = "Info for others than linear, cosine and cosine_with_min_lr",
            Why = "The notes name linear, cosine and cosine_with_min_lr: they decay to a small rate, which settles the weights at the end.",
            Test = c => c.Config.Schedule.LrSchedulerType is LrSchedulerType.Linear or LrSchedulerType.Cosine or LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr
                ? None : Found(Info, expected: "linear, cosine or cosine_with_min_lr", set: [("lr_scheduler_type", LrSchedulerType.Cosine)]),
        },
        new()
        {
            Id = "ScheduleArgumentUnused",
            Title = "Every schedule argument is read by the schedule",
            Settings = ["lr_scheduler_type", "warmup_steps", "warmup_ratio", "min_lr", "min_lr_rate", "num_cycles", "power", "lr_end", "timescale", "num_decay_steps", "num_stable_steps"],
            Source = Sources.Semantics,
            Levels = "Warning for each argument that is set and that the chosen schedule does not read",
            Why = "A setting that nothing reads is mostly a sign of the wrong schedule.",
            Test = UnusedArguments,
        },
        new()
        {
            Id = "MinLrChoice",
            Title = "cosine_with_min_lr has exactly one floor",
            Settings = ["min_lr", "min_lr_rate", "lr_scheduler_type"],
            Source = Sources.Transformers,
            Levels = "Error where both min_lr and min_lr_rate are set, Warning where neither is",
            Why = "The floor is given either as a rate or as a share of the peak; transformers refuses both and neither.",
            Test = c => !HasFloor(c) ? None : (c.Given.Schedule.MinLr, c.Given.Schedule.MinLrRate) switch
            {
                (not null, not null) => Found(Error, "Both min_lr and min_lr_rate are set.", "one of the two", [("min_lr", null)]),
                (null, null) => Found(Warning, "Neither min_lr nor min_lr_rate is set; a tenth of the peak is taken.", "one of the two", [("min_lr_rate", 0.1)]),
                _ => None,
            },
        },
        new()
        {
            Id = "MinLrBelowPeak",
            Title = "The floor is below the peak",
            Settings = ["min_lr", "min_lr_rate", "learning_rate"],
            Source = Sources.Semantics,
            Levels = "Error at or above the peak, Warning above half of it",
            Why = "With the floor at the peak the schedule is flat or rises.",
            Test = c =>
            {
                var share = c.Config.Schedule.MinLrRate ?? c.Config.Schedule.MinLr / c.Config.Optimization.LearningRate;
                return !HasFloor(c) || share is not > 0.5 ? None : Found(
                    share >= 1 ? Error : Warning,
                    $"The floor is {Percent(share.Value)} of the peak: the rate hardly falls.",
                    "at most half of the peak",
                    c.Config.Schedule.MinLrRate is not null ? [("min_lr_rate", 0.1)] : [("min_lr", c.Config.Optimization.LearningRate!.Value / 10)],
                    setting: c.Config.Schedule.MinLrRate is not null ? "min_lr_rate" : "min_lr");
            },
        },
        new()
        {
            Id = "PolynomialEnd",
            Title = "The polynomial schedule ends below its peak",
            Settings = ["lr_end", "learning_rate", "lr_scheduler_type"],
            Source = Sources.Transformers,
            Levels = "Error where lr_end is not below learning_rate",
            Why = "The schedule falls from learning_rate to lr_end.",
            Test = c => c.Config.Schedule.LrSchedulerType != LrSchedulerType.Polynomial || c.Config.Schedule.LrEnd < c.Config.Optimization.LearningRate
                ? None : Found(Error, $"lr_end ({Number(c.Config.Schedule.LrEnd)}) is not below learning_rate ({Number(c.Config.Optimization.LearningRate!.Value)}).", "below learning_rate", [("lr_end", 0.0)]),
        },
        new()
        {
            Id = "DecaySteps",
            Title = "warmup_stable_decay knows when to decay, and its parts fit into the run",
            Settings = ["num_decay_steps", "num_stable_steps", "lr_scheduler_type"],
            Source = Sources.Transformers,
            Levels = "Error where num_decay_steps is unset; Warning where warm-up, stable and decay steps together are more than the run",
            Why = "The schedule cannot know by itself when to begin its decay.",
            Test = DecaySteps,
        },
        new()
        {
            Id = "ScheduleNeedsEvaluation",
            Title = "A schedule that follows the metric has evaluations",
            Settings = ["lr_scheduler_type", "eval_strategy"],
            Source = Sources.Transformers,
            Levels = "Error",
            Why = "reduce_lr_on_plateau and greedy change the rate by the evaluation metric; without evaluations the rate never changes.",
            Test = c => c.Config.Schedule.LrSchedulerType is not (LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy) || c.Config.Evaluation.EvalStrategy != IntervalStrategy.No
                ? None : Found(Error, expected: "evaluations, or another schedule", set: [("lr_scheduler_type", LrSchedulerType.Cosine)]),
        },
        new()
        {
            Id = "WarmupShare",
            Title = "The warm-up is 5 to 10 % of the run",
            Settings = ["warmup_ratio", "warmup_steps"],
            Source = Sources.Notes,
            Levels = "Warning below 3 % or above 10 %, Info from 3 to 5 %",
            Why = "Adam's moments are unreliable in the first steps. The notes take 5 to 10 % of the run; QLoRA and SmolLM3 took 3 %.",
            Test = WarmupShare,
        },
        new()
        {
            Id = "WarmupNeverEnds",
            Title = "The warm-up ends before the run does",
            Settings = ["warmup_steps", "warmup_ratio", "num_train_epochs", "max_steps"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "The learning rate never reaches its peak and never decays.",
            Test = c => !HasWarmup(c) || c.Outline is not { } run || run.WarmupSteps < run.Plan.MaxSteps || run.WarmupSteps == 0 ? None : Found(
                Error,
                run.Plan.MaxSteps == 1
                    ? "The run's only step is the first of the warm-up, whose learning rate is 0: nothing is learnt."
                    : $"The warm-up takes {run.WarmupSteps} steps and the run has {run.Plan.MaxSteps}: the learning rate never reaches its peak.",
                "5 to 10 % of the run",
                [("warmup_steps", null), ("warmup_ratio", run.Plan.MaxSteps == 1 ? 0 : TuningPractice.WarmupShare.Start)],
                setting: c.Config.Schedule.WarmupSteps is null ? "warmup_ratio" : "warmup_steps"),
        },
        new()
        {
            Id = "WarmupTwice",
            Title = "The warm-up is given once",
            Settings = ["warmup_ratio", "warmup_steps"],
            Source = Sources.Semantics,
            Levels = "Info where both are set",
            Why = "warmup_steps wins; warmup_ratio is not read.",
            Test = c => c.Given.Schedule is { WarmupSteps: not null, WarmupRatio: not null } ? Found(Info, expected: "one of the two", set: [("warmup_ratio", null)]) : None,
        },
    ];

    private static bool HasWarmup(RuleContext c) =>
        c.Config.Schedule.LrSchedulerType is not (LrSchedulerType.Constant or LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy);

    private static bool HasFloor(RuleContext c) =>
        c.Config.Schedule.LrSchedulerType is LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr;

    private static IEnumerable<ConfigFinding> UnusedArguments(RuleContext c)
    {
        var type = c.Config.Schedule.LrSchedulerType;
        var read = new HashSet<string>(HasWarmup(c) ? ["warmup_steps", "warmup_ratio"] : [], StringComparer.Ordinal);
        read.UnionWith(type switch
        {
            LrSchedulerType.Cosine or LrSchedulerType.CosineWithRestarts => ["num_cycles"],
            LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr => ["num_cycles", "min_lr", "min_lr_rate"],
            LrSchedulerType.Polynomial => ["power", "lr_end"],
            LrSchedulerType.InverseSqrt => ["timescale"],
            LrSchedulerType.WarmupStableDecay => ["num_decay_steps", "num_stable_steps", "num_cycles", "min_lr", "min_lr_rate"],
            LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy => ["min_lr"],
            _ => Array.Empty<string>(),
        });
        var name = ConfigSchema.Get("lr_scheduler_type").Format(type);
        return ConfigSchema.FindSection("schedule")!.Settings
            .Where(s => s.Name != "lr_scheduler_type" && !read.Contains(s.Name) && s.IsSet(c.Given) && !IsZero(s.Get(c.Given)))
            .SelectMany(s => Found(Warning, $"The schedule {name} does not read {s.Name}.", "unset", [(s.Name, s.DefaultValue)], setting: s.Name));
    }

    // A warm-up of 0 says the same as none.
    private static bool IsZero(object? value) => value is 0 or 0.0;

    private static IEnumerable<ConfigFinding> DecaySteps(RuleContext c)
    {
        var schedule = c.Config.Schedule;
        if (schedule.LrSchedulerType != LrSchedulerType.WarmupStableDecay)
        {
            return None;
        }

        var tenth = c.Outline is { } outline ? Math.Max(1, outline.Plan.MaxSteps / 10) : (int?)null;
        if (schedule.NumDecaySteps is null)
        {
            return Found(Error, "warmup_stable_decay needs num_decay_steps.", "10 to 20 % of the run's steps", tenth is null ? null : [("num_decay_steps", tenth)], tenth is null ? "Set num_decay_steps to a tenth of the run's steps." : null);
        }

        if (c.Outline is not { } run)
        {
            return None;
        }

        var sum = (long)run.WarmupSteps + (schedule.NumStableSteps ?? 0) + schedule.NumDecaySteps.Value;
        return sum <= run.Plan.MaxSteps ? None : Found(
            Warning, $"Warm-up, stable and decay steps come to {sum}, and the run has {run.Plan.MaxSteps}: the decay is cut off.", $"at most {run.Plan.MaxSteps} together", [("num_decay_steps", tenth), ("num_stable_steps", null)]);
    }

    private static IEnumerable<ConfigFinding> WarmupShare(RuleContext c)
    {
        if (!HasWarmup(c))
        {
            return None;
        }

        var steps = c.Config.Schedule.WarmupSteps;
        if (steps is > 0 && c.Outline is null)
        {
            return None;
        }

        var total = c.Outline?.Plan.MaxSteps ?? 0;
        var share = steps is { } n ? n == 0 ? 0 : (double)n / total : c.Config.Schedule.WarmupRatio!.Value;
        // Whole steps only: one step more or less than the range's ends is as near as a short run comes.
        var (low, high) = steps is null ? (0.05, 0.1) : (Math.Floor(0.05 * total) / Math.Max(1, total), Math.Ceiling(0.1 * total) / Math.Max(1, total));
        if ((share >= low && share <= high && (share > 0 || steps > 0)) || share >= 1)
        {
            return None;
        }

        var figure = steps is > 0 ? $"{steps} of {total} steps ({Percent(share)})" : Percent(share);
        return Found(
            share is >= 0.03 and < 0.05 ? Info : Warning,
            share > high ? $"The warm-up is {figure} of the run: much of it is spent below the peak rate."
                : share >= 0.03 ? $"The warm-up is {figure}; the notes take 5 to 10 %, some recipes 3 %."
                : share == 0 ? "There is no warm-up: the first steps run at the full rate while Adam's moments are still empty."
                : $"The warm-up is {figure} of the run: the first steps come at nearly the full rate.",
            "5 to 10 % of the run",
            [("warmup_steps", null), ("warmup_ratio", TuningPractice.WarmupShare.Start)],
            setting: steps is null ? "warmup_ratio" : "warmup_steps");
    }
}
