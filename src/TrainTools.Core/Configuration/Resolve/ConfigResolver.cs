using TrainTools.Core.Training;

namespace TrainTools.Core.Configuration;

/// <summary>
/// Fills in what a config leaves open, from the method, the model's size, the data and the device, and says from what.
/// Resolving twice changes nothing. Settings whose null means "none" or "as the model's config says" stay null, and so
/// does what another setting makes meaningless (the warm-up ratio beside warm-up steps, epochs beside max_steps).
/// </summary>
public static class ConfigResolver
{
    // Fewer records than this, or fewer updates, and packing leaves a schedule too little to work on.
    private const int RecordsForPacking = 1000;
    private const int UpdatesForPacking = 100;

    /// <summary>Resolves a config.</summary>
    /// <param name="config">The config; it is not changed.</param>
    /// <param name="facts">What is known of model, data and device; null = what the config's paths show.</param>
    public static ResolvedConfig Resolve(TrainingConfig config, ConfigFacts? facts = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var state = new State(config, facts ?? ConfigFacts.Gather(config));
        ResolveMethod(state);
        ResolveData(state);
        ResolveOptimization(state);
        ResolveSchedule(state);
        ResolveBatch(state);
        ResolvePacking(state);
        ResolveEvaluation(state);
        return new ResolvedConfig(state.Config, state.Derived);
    }

    private static void ResolveMethod(State s)
    {
        if (!s.Practice.IsAdapter)
        {
            return;
        }

        s.Fill("lora_r", 16, $"common for adapters ({TuningPractice.LoraRank.Low:0} to {TuningPractice.LoraRank.High:0})");
        s.Fill("lora_alpha", 2.0 * s.Config.Method.LoraR!.Value, "twice lora_r");
        if (s.Config.Method.TargetModules.Count == 0)
        {
            s.Fill("target_modules", SettingList.Create(["all-linear"]), "adapters on every linear layer come closest to full fine-tuning");
        }
    }

    private static void ResolveData(State s)
    {
        var positions = s.Facts.Model?.MaxPositions;
        s.Fill("max_length", Math.Min(1024, positions ?? 1024), positions < 1024 ? $"the model has {positions} positions" : "1024 tokens, as TRL");
        if (s.Config.Task.TaskType == TaskType.TokenClassification)
        {
            s.Fill("stride", s.Config.Data.MaxLength!.Value / 4, "a quarter of max_length");
        }

        if (s.Facts.Data?.Shape is { } shape)
        {
            var prompts = shape is Data.RecordShape.PromptCompletion or Data.RecordShape.ConversationalPromptCompletion;
            s.Fill("completion_only_loss", prompts, prompts ? "the records have prompts and completions" : "the records have no prompts and completions");
        }
    }

    private static void ResolveOptimization(State s)
    {
        var rate = s.Practice.LearningRate;
        s.Fill("learning_rate", rate.Start, $"start of the range for {rate.For} ({rate}){s.ModelSize}");
        var clip = s.Practice.MaxGradNorm;
        s.Fill("max_grad_norm", clip.Start, $"{clip.For}: {clip}{s.ModelSize}");
    }

    private static void ResolveSchedule(State s)
    {
        var schedule = s.Config.Schedule;
        if (schedule.WarmupSteps is null)
        {
            var has = schedule.LrSchedulerType is not (LrSchedulerType.Constant or LrSchedulerType.ReduceLrOnPlateau or LrSchedulerType.Greedy);
            s.Fill("warmup_ratio", has ? TuningPractice.WarmupShare.Start : 0.0, has ? "5 % of the run (5 to 10 %)" : "the schedule has no warm-up");
        }

        switch (schedule.LrSchedulerType)
        {
            case LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr when schedule.MinLr is null:
                s.Fill("min_lr_rate", 0.1, "a tenth of the peak");
                break;
            case LrSchedulerType.CosineWithRestarts:
                s.Fill("num_cycles", 1.0, "the schedule's default");
                break;
        }

        if (schedule.LrSchedulerType is LrSchedulerType.Cosine or LrSchedulerType.CosineWithMinLr or LrSchedulerType.CosineWarmupWithMinLr or LrSchedulerType.WarmupStableDecay)
        {
            s.Fill("num_cycles", 0.5, "the schedule's default: half a wave");
        }
    }

    private static void ResolveBatch(State s)
    {
        var target = s.Practice.EffectiveBatch;
        var wanted = target.Start;
        var reason = $"{target.For}: {target} rows a step";
        if (s.Facts.Data?.Records is > 0 and var records && records < 20 * wanted)
        {
            // Small data: rather more, smaller steps, but never fewer than four rows.
            wanted = Math.Clamp(Math.Floor(records / 20.0), Math.Min(4, target.Low), wanted);
            reason = $"{ConfigText.Count(records)} records: about twenty steps an epoch";
        }

        var accumulation = s.Config.Batch.GradientAccumulationSteps;
        var micro = accumulation is { } given ? Math.Max(1, (int)Math.Round(wanted / Math.Max(1, given)))
            : s.Practice.IsSmall || s.Practice.IsClassifier ? (int)wanted
            : (int)Math.Min(wanted, 4);
        s.Fill("per_device_train_batch_size", micro, micro < wanted && accumulation is null ? "four rows at a time; accumulation makes up the step" : reason);
        s.Fill("per_device_eval_batch_size", s.Config.Batch.PerDeviceTrainBatchSize!.Value, "as per_device_train_batch_size");
        s.Fill("gradient_accumulation_steps", Math.Max(1, (int)Math.Round(wanted / Math.Max(1, s.Config.Batch.PerDeviceTrainBatchSize.Value))), reason);
        if (s.Config.Duration.MaxSteps is null)
        {
            var epochs = s.Practice.Epochs;
            s.Fill("num_train_epochs", epochs.Start, $"{epochs.For}: {epochs}{s.ModelSize}");
        }
    }

    private static void ResolvePacking(State s)
    {
        if (s.Config.Task.TaskType != TaskType.CausalLm)
        {
            s.Fill("packing", false, $"{ConfigSchema.Get("task_type").Format(s.Config.Task.TaskType)} has one label set a record");
            return;
        }

        if (s.Practice.IsTiny)
        {
            s.Fill("packing", false, $"padding costs a small model little{s.ModelSize}");
            return;
        }

        var packed = RunOutline.Create(s.Config with { Data = s.Config.Data with { Packing = true } }, s.Facts.Data);
        var few = s.Facts.Data?.Records < RecordsForPacking || packed?.Plan.MaxSteps < UpdatesForPacking;
        s.Fill("packing", !few, few
            ? $"{ConfigText.Count(s.Facts.Data!.Records!.Value)} records: packed, there would be too few updates{(packed is null ? string.Empty : $" ({packed.Plan.MaxSteps})")}"
            : "no padding is computed; documents stay apart in attention");
    }

    private static void ResolveEvaluation(State s)
    {
        var has = s.Config.Data.ValidationPath.Count > 0 || s.Config.Data.ValidationSplit > 0;
        s.Fill("eval_strategy", has ? IntervalStrategy.Epoch : IntervalStrategy.No, has ? "there is validation data" : "there is no validation data");
        if (s.Config.Evaluation.EvalStrategy == IntervalStrategy.Steps)
        {
            s.Fill("eval_steps", 0.1, "ten evaluations a run");
        }

        if (s.Config.Checkpoints.SaveStrategy == IntervalStrategy.Steps)
        {
            var evaluated = s.Config.Evaluation is { EvalStrategy: IntervalStrategy.Steps, EvalSteps: not null };
            s.Fill("save_steps", evaluated ? s.Config.Evaluation.EvalSteps!.Value : 0.1, evaluated ? "as eval_steps" : "ten checkpoints a run");
        }

        var greater = EvaluationTracker.GreaterIsBetterByName(s.Config.Evaluation.MetricForBestModel);
        s.Fill("greater_is_better", greater, greater ? "the metric is no loss" : "the metric is a loss or a perplexity");
        var device = s.Facts.Device.For(s.Config.Runtime.Device);
        var bf16 = device is { IsCuda: true, HasBf16: not false };
        s.Fill("precision", bf16 ? Precision.Bf16 : Precision.Fp32, bf16 ? "the device computes in bf16" : device.IsCuda ? "the device has no bf16" : "on a CPU");
    }

    private sealed class State(TrainingConfig config, ConfigFacts facts)
    {
        private readonly List<DerivedDefault> derived = [];

        public TrainingConfig Config { get; private set; } = config;

        public ConfigFacts Facts { get; } = facts;

        public IReadOnlyList<DerivedDefault> Derived => derived;

        public TuningPractice Practice { get; } = new(config, facts.Model?.ParameterCount);

        public string ModelSize => Facts.Model?.ParameterCount is null ? string.Empty : $"; the model has {Facts.Model.DescribeSize()} parameters";

        public void Fill(string name, object value, string reason)
        {
            var setting = ConfigSchema.Get(name);
            if (setting.Get(Config) is null or SettingList { Count: 0 })
            {
                Config = setting.With(Config, value);
                derived.Add(new DerivedDefault(name, value, reason));
            }
        }
    }
}
