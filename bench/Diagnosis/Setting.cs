using TrainTools.Core.Configuration;

namespace TrainTools.Bench.Diagnosis;

/// <summary>What is trained on what and how.</summary>
/// <param name="Family">Model family.</param>
/// <param name="DataSet">Data set.</param>
/// <param name="Method">Everything, or LoRA.</param>
internal sealed record Setting(string Family, string DataSet, TrainingMethod Method)
{
    /// <summary>Settings that thresholds may be tuned on.</summary>
    public static IReadOnlyList<Setting> Tuning { get; } =
    [
        new("stories260k", "shakespeare", TrainingMethod.Full),
        new("llama", "gsm8k", TrainingMethod.Lora),
        new("gpt2", "shakespeare", TrainingMethod.Full),
        new("bert_seqcls", "sms", TrainingMethod.Full),
        new("stories260k", "gsm8k", TrainingMethod.Lora),
        new("qwen3", "sgd", TrainingMethod.Full),
        new("gemma3_text", "dolly", TrainingMethod.Lora),
        new("gpt_neox", "dolly", TrainingMethod.Full),
        new("roberta_seqcls", "banking77", TrainingMethod.Full),
        new("smollm3", "sgd", TrainingMethod.Lora),
        new("distilbert_seqcls", "services", TrainingMethod.Full),
    ];

    /// <summary>
    /// Settings of the published table: no family and no data set of these was tuned on, except that the classifier is llama's (tuned on
    /// as a language model) on other classes of BANKING77.
    /// </summary>
    public static IReadOnlyList<Setting> Test { get; } =
    [
        new("phi3", "glaive", TrainingMethod.Full),
        new("olmo2", "tweets", TrainingMethod.Lora),
        new("qwen2", "tweets", TrainingMethod.Full),
        new("llama_seqcls", "banking77-others", TrainingMethod.Full),
        new("mistral", "glaive", TrainingMethod.Lora),
        new("gemma2", "tweets", TrainingMethod.Full),
    ];

    /// <summary>Highest learning rate of the right band (the best of those tried); found before the trials.</summary>
    public double Rate { get; init; }

    public string Name => $"{Family}/{DataSet}/{(Method == TrainingMethod.Full ? "full" : "lora")}";

    /// <summary>A sound configuration.</summary>
    public TrainingConfig Config(long seed, int steps) => new()
    {
        Model = new ModelConfig { ModelNameOrPath = Family },
        Task = new TaskConfig { TaskType = Bases.IsClassifier(Family) ? TaskType.SequenceClassification : TaskType.CausalLm },
        Data = new DataConfig { DatasetPath = SettingList.From([DataSet]), MaxLength = DataSets.MaxLength, Packing = false },
        Method = new MethodConfig { FinetuningType = Method, LoraR = Method == TrainingMethod.Full ? null : 8, LoraAlpha = Method == TrainingMethod.Full ? null : 16, LoraDropout = 0 },
        Optimization = new OptimizationConfig { LearningRate = Rate, MaxGradNorm = 1, WeightDecay = 0.01 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupSteps = steps / 16 },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 8, GradientAccumulationSteps = 1 },
        Duration = new DurationConfig { MaxSteps = steps },
        Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Steps, EvalSteps = Math.Max(1, steps / 8) },
        Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = seed, NumThreads = 1 },
    };
}
