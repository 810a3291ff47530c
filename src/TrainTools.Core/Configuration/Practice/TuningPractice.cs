namespace TrainTools.Core.Configuration;

/// <summary>
/// The ranges of the tuning notes, and where they say nothing those of published recipes. Defaults and rules both read
/// them here, so that a default can never break a rule.
/// </summary>
public sealed class TuningPractice
{
    /// <summary>Above this a model counts as large.</summary>
    public const long LargeModel = 13_000_000_000;

    /// <summary>Below this a model counts as small: too small for the learning rates that are published for language models.</summary>
    public const long SmallModel = 200_000_000;

    /// <summary>Below this a model counts as tiny.</summary>
    public const long TinyModel = 10_000_000;

    private readonly TrainingConfig config;
    private readonly long? parameters;

    /// <summary>The practice for a method, task and model size.</summary>
    /// <param name="config">The config.</param>
    /// <param name="parameters">Parameters of the model; null if not known (taken as between 200 M and 13 B).</param>
    public TuningPractice(TrainingConfig config, long? parameters)
    {
        ArgumentNullException.ThrowIfNull(config);
        this.config = config;
        this.parameters = parameters;
    }

    /// <summary>Whether the model is above 13 B parameters.</summary>
    public bool IsLarge => parameters > LargeModel;

    /// <summary>Whether the model is below 200 M parameters.</summary>
    public bool IsSmall => parameters < SmallModel;

    /// <summary>Whether the model is below 10 M parameters.</summary>
    public bool IsTiny => parameters < TinyModel;

    /// <summary>Whether adapters are trained.</summary>
    public bool IsAdapter => config.Method.FinetuningType != TrainingMethod.Full;

    /// <summary>Whether the task has labels instead of text to generate.</summary>
    public bool IsClassifier => config.Task.TaskType is TaskType.SequenceClassification or TaskType.TokenClassification;

    /// <summary>Whether a run can stop early.</summary>
    public bool StopsEarly => config.Evaluation.EarlyStoppingPatience is not null;

    /// <summary>Peak learning rate.</summary>
    public ValueRange LearningRate => (IsAdapter, IsClassifier) switch
    {
        (false, _) when IsTiny => new(1e-5, 3e-3, 5e-4, "full fine-tuning of a model below 10 M parameters", Sources.Judgement),
        (false, false) when IsSmall => new(1e-5, 5e-4, 5e-5, "full fine-tuning of a language model below 200 M parameters", Sources.Transformers),
        (false, false) when IsLarge => new(1e-6, 1e-5, 5e-6, "full fine-tuning above 13 B", Sources.Judgement),
        (false, false) => new(1e-5, 5e-5, 2e-5, "full fine-tuning up to 13 B", Sources.FullPractice),
        (false, true) => new(1e-5, 1e-4, 3e-5, "full fine-tuning of a pretrained classifier or tagger", Sources.BertPractice),
        (true, _) when IsTiny => new(1e-4, 1e-2, 2e-3, "adapters on a model below 10 M parameters", Sources.Judgement),
        (true, true) => new(1e-4, 5e-4, 2e-4, "adapters on a classifier or tagger", Sources.Judgement),
        (true, false) when IsSmall => new(1e-4, 1e-3, 3e-4, "adapters on a language model below 200 M parameters", Sources.Judgement),
        (true, false) when IsLarge => new(5e-5, 2e-4, 1e-4, "adapters above 13 B", Sources.Qlora),
        (true, false) => new(1e-4, 3e-4, 2e-4, "adapters up to 13 B (about ten times full fine-tuning)", Sources.LoraPractice),
    };

    /// <summary>max_grad_norm.</summary>
    public ValueRange MaxGradNorm => config.Data.DatasetFormat == DatasetFormat.Preference
        ? new(0.1, 0.3, 0.2, "RLHF and PPO, which learn from preferences", Sources.Notes)
        : IsLarge ? new(0.1, 0.5, 0.3, "models above 13 B", Sources.Notes)
        : config.Method.FinetuningType == TrainingMethod.Full ? new(1.0, 1.0, 1.0, "full fine-tuning", Sources.Notes)
        : new(0.3, 1.0, config.Method.FinetuningType == TrainingMethod.Qlora ? 0.3 : 1.0, "LoRA and QLoRA", Sources.Notes);

    /// <summary>num_train_epochs.</summary>
    public ValueRange Epochs => StopsEarly
        ? new(3, 10, 10, "runs that stop early", Sources.Notes)
        : IsLarge ? new(2, 4, 2, "large models", Sources.Notes)
        : new(3, 5, 3, "small and middle-sized models", Sources.Notes);

    /// <summary>Warm-up as a share of the run.</summary>
    public static ValueRange WarmupShare { get; } = new(0.05, 0.1, 0.05, "any run", Sources.Notes);

    /// <summary>Rows an optimizer step.</summary>
    public ValueRange EffectiveBatch => (config.Method.FinetuningType, IsClassifier) switch
    {
        (_, true) => new(16, 32, 16, "classifiers and taggers", Sources.BertPractice),
        (TrainingMethod.Full, _) when IsLarge => new(64, 256, 64, "full fine-tuning above 13 B", Sources.Judgement),
        (TrainingMethod.Full, _) when IsTiny => new(4, 128, 16, "full fine-tuning of a model below 10 M parameters", Sources.Judgement),
        (TrainingMethod.Full, _) => new(16, 128, 16, "full fine-tuning", Sources.FullPractice),
        _ => new(8, 32, 16, "adapters", Sources.LoraPractice),
    };

    /// <summary>weight_decay.</summary>
    public static ValueRange WeightDecay { get; } = new(0.001, 0.1, 0.01, "any run", Sources.Notes);

    /// <summary>lora_r.</summary>
    public static ValueRange LoraRank { get; } = new(8, 64, 16, "adapters", Sources.LoraPractice);

    /// <summary>lora_dropout.</summary>
    public static ValueRange LoraDropout { get; } = new(0, 0.1, 0.05, "adapters", Sources.LoraPractice);
}
