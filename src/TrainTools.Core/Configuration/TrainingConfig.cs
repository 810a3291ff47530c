namespace TrainTools.Core.Configuration;

/// <summary>
/// One immutable description of a run. Every leaf has a YAML name (see <see cref="SettingAttribute"/>) that the field uses.
/// A null leaf means "derive it": the resolver fills it in from the method, the model's size and the data, and says from what.
/// </summary>
public sealed record TrainingConfig
{
    /// <summary>The base model.</summary>
    [Setting("model")] public ModelConfig Model { get; init; } = new();

    /// <summary>The data and how records become samples.</summary>
    [Setting("data")] public DataConfig Data { get; init; } = new();

    /// <summary>Full fine-tuning or adapters.</summary>
    [Setting("method")] public MethodConfig Method { get; init; } = new();

    /// <summary>What is learnt.</summary>
    [Setting("task")] public TaskConfig Task { get; init; } = new();

    /// <summary>Optimizer and regularisation.</summary>
    [Setting("optimization")] public OptimizationConfig Optimization { get; init; } = new();

    /// <summary>Learning-rate schedule.</summary>
    [Setting("schedule")] public ScheduleConfig Schedule { get; init; } = new();

    /// <summary>Batch size and accumulation.</summary>
    [Setting("batch")] public BatchConfig Batch { get; init; } = new();

    /// <summary>Length of the run.</summary>
    [Setting("duration")] public DurationConfig Duration { get; init; } = new();

    /// <summary>Evaluation, best model and early stopping.</summary>
    [Setting("evaluation")] public EvaluationConfig Evaluation { get; init; } = new();

    /// <summary>Checkpoints.</summary>
    [Setting("checkpoints")] public CheckpointConfig Checkpoints { get; init; } = new();

    /// <summary>Device, precision, seed.</summary>
    [Setting("runtime")] public RuntimeConfig Runtime { get; init; } = new();

    /// <summary>Logs.</summary>
    [Setting("logging")] public LoggingConfig Logging { get; init; } = new();

    /// <summary>The run folder that the run writes to; null until it is chosen.</summary>
    [Setting("output_dir", IsPath = true)] public string? OutputDir { get; init; }

    /// <summary>The settings that differ from their defaults, each as <c>name=value</c> in YAML's spelling.</summary>
    public IReadOnlyList<string> DescribeChanges() => [.. ConfigSchema.Settings.Where(s => s.IsSet(this)).Select(s => $"{s.Name}={s.Format(s.Get(this))}")];

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", DescribeChanges());
}

/// <summary>The base model.</summary>
public sealed record ModelConfig
{
    /// <summary>A Hugging Face model folder (config.json, *.safetensors, tokenizer.json).</summary>
    [Setting("model_name_or_path", IsPath = true)] public string? ModelNameOrPath { get; init; }

    /// <summary>Folder of the tokenizer; null = the model's.</summary>
    [Setting("tokenizer_path", IsPath = true)] public string? TokenizerPath { get; init; }

    /// <summary>File with a Jinja chat template that replaces the model's; null = the model's.</summary>
    [Setting("chat_template_path", IsPath = true)] public string? ChatTemplatePath { get; init; }

    /// <summary>Dropout of attention weights; null = the model's config.</summary>
    [Setting("attention_dropout", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double? AttentionDropout { get; init; }

    /// <summary>Dropout of hidden states; null = the model's config.</summary>
    [Setting("hidden_dropout", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double? HiddenDropout { get; init; }

    /// <summary>Dropout before the classifier; null = the model's config.</summary>
    [Setting("classifier_dropout", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double? ClassifierDropout { get; init; }
}

/// <summary>The data and how records become samples.</summary>
public sealed record DataConfig
{
    /// <summary>Training files, in order.</summary>
    [Setting("dataset_path", IsPath = true)] public SettingList DatasetPath { get; init; } = [];

    /// <summary>Validation files; empty = none or a split of the training data (<see cref="ValidationSplit"/>).</summary>
    [Setting("validation_path", IsPath = true)] public SettingList ValidationPath { get; init; } = [];

    /// <summary>Share of the training records held out for validation; null or 0 = none.</summary>
    [Setting("validation_split", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double? ValidationSplit { get; init; }

    /// <summary>Shape of the records.</summary>
    [Setting("dataset_format")] public DatasetFormat DatasetFormat { get; init; } = DatasetFormat.Auto;

    /// <summary>Name of the field with plain text.</summary>
    [Setting("text_field")] public string TextField { get; init; } = "text";

    /// <summary>Name of the field with the prompt.</summary>
    [Setting("prompt_field")] public string PromptField { get; init; } = "prompt";

    /// <summary>Name of the field with the completion.</summary>
    [Setting("completion_field")] public string CompletionField { get; init; } = "completion";

    /// <summary>Name of the field with the conversation.</summary>
    [Setting("messages_field")] public string MessagesField { get; init; } = "messages";

    /// <summary>Name of the field with the label.</summary>
    [Setting("label_field")] public string LabelField { get; init; } = "label";

    /// <summary>Longest sample in tokens; null = derived (the smaller of 1024 and the model's positions).</summary>
    [Setting("max_length", Unit = "tokens", Minimum = 2, IsDerived = true)] public int? MaxLength { get; init; }

    /// <summary>Which part of a row that is too long is kept (packing always keeps the start).</summary>
    [Setting("truncation_mode")] public TruncationMode TruncationMode { get; init; } = TruncationMode.KeepStart;

    /// <summary>Several documents in one row; null = derived.</summary>
    [Setting("packing", IsDerived = true)] public bool? Packing { get; init; }

    /// <summary>How documents are packed.</summary>
    [Setting("packing_strategy")] public PackingStrategy PackingStrategy { get; init; } = PackingStrategy.Bfd;

    /// <summary>Loss on the assistant's turns only (conversations).</summary>
    [Setting("assistant_only_loss")] public bool AssistantOnlyLoss { get; init; }

    /// <summary>Loss on the completion only; null = automatic: true for prompt-completion data.</summary>
    [Setting("completion_only_loss", IsDerived = true)] public bool? CompletionOnlyLoss { get; init; }

    /// <summary>Cut the prompt's start rather than lose every target of a row that is too long (off: TRL's keep_start).</summary>
    [Setting("keep_target")] public bool KeepTarget { get; init; }

    /// <summary>Tokens by which the windows of a long text overlap in token classification; null = derived (a quarter of max_length).</summary>
    [Setting("stride", Unit = "tokens", Minimum = 0, IsDerived = true)] public int? Stride { get; init; }

    /// <summary>Label every token of a word instead of its first (token classification); B- becomes I- after the first.</summary>
    [Setting("label_all_tokens")] public bool LabelAllTokens { get; init; }

    /// <summary>Share of the tokens that a masked language model has to guess.</summary>
    [Setting("mlm_probability", Unit = "0..1", Minimum = 0, MinimumExclusive = true, Maximum = 1, MaximumExclusive = true)] public double MlmProbability { get; init; } = 0.15;

    /// <summary>Mask whole words instead of single tokens.</summary>
    [Setting("whole_word_mask")] public bool WholeWordMask { get; init; }

    /// <summary>Shuffle the records each epoch.</summary>
    [Setting("shuffle")] public bool Shuffle { get; init; } = true;

    /// <summary>Easy records first, then a growing share.</summary>
    [Setting("curriculum")] public bool Curriculum { get; init; }

    /// <summary>Share of the easiest records that a curriculum starts with.</summary>
    [Setting("curriculum_start", Unit = "0..1", Minimum = 0, Maximum = 1, MinimumExclusive = true)] public double CurriculumStart { get; init; } = 0.3;

    /// <summary>Share of the run after which a curriculum uses all records.</summary>
    [Setting("curriculum_end", Unit = "0..1", Minimum = 0, Maximum = 1)] public double CurriculumEnd { get; init; } = 0.5;
}

/// <summary>Full fine-tuning or adapters.</summary>
public sealed record MethodConfig
{
    /// <summary>The method.</summary>
    [Setting("finetuning_type")] public TrainingMethod FinetuningType { get; init; } = TrainingMethod.Full;

    /// <summary>Rank of the adapters; null = derived.</summary>
    [Setting("lora_r", Minimum = 1, IsDerived = true)] public int? LoraR { get; init; }

    /// <summary>Scale numerator of the adapters; null = derived.</summary>
    [Setting("lora_alpha", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? LoraAlpha { get; init; }

    /// <summary>Dropout before the adapters.</summary>
    [Setting("lora_dropout", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double LoraDropout { get; init; } = 0.05;

    /// <summary>Names of the layers that get adapters, or the single word all-linear, or a regular expression; empty = derived.</summary>
    [Setting("target_modules", IsDerived = true)] public SettingList TargetModules { get; init; } = [];

    /// <summary>Layers that get none.</summary>
    [Setting("exclude_modules")] public SettingList ExcludeModules { get; init; } = [];

    /// <summary>Modules trained in full and saved with the adapter.</summary>
    [Setting("modules_to_save")] public SettingList ModulesToSave { get; init; } = [];

    /// <summary>Which biases of the base are trained: none, all, or lora_only (those of the layers with adapters).</summary>
    [Setting("bias", Values = ["none", "all", "lora_only"])] public string Bias { get; init; } = "none";

    /// <summary>Ranks of single layers, as name=rank; a name is matched by its end, or is a regular expression.</summary>
    [Setting("rank_pattern", IsMap = true)] public SettingList RankPattern { get; init; } = [];

    /// <summary>Scale numerators of single layers, as name=alpha.</summary>
    [Setting("alpha_pattern", IsMap = true)] public SettingList AlphaPattern { get; init; } = [];

    /// <summary>Numbers of the layers that get adapters, from 0; empty = all.</summary>
    [Setting("layers_to_transform")] public SettingList LayersToTransform { get; init; } = [];

    /// <summary>Name of the model's list of layers, for layers_to_transform; empty = any.</summary>
    [Setting("layers_pattern")] public SettingList LayersPattern { get; init; } = [];

    /// <summary>How the adapters begin: true (Kaiming-uniform A, zero B), false, gaussian, pissa, pissa_niter_N or olora.</summary>
    [Setting("init_lora_weights")] public string InitLoraWeights { get; init; } = "true";

    /// <summary>Scale by alpha / sqrt(r).</summary>
    [Setting("use_rslora")] public bool UseRslora { get; init; }

    /// <summary>Weight-decomposed adapters.</summary>
    [Setting("use_dora")] public bool UseDora { get; init; }

    /// <summary>Learning-rate factor of the B matrices (LoRA+); null = 1.</summary>
    [Setting("loraplus_lr_ratio", Minimum = 0, MinimumExclusive = true)] public double? LoraplusLrRatio { get; init; }

    /// <summary>Learning rate of adapters on embeddings with LoRA+.</summary>
    [Setting("loraplus_lr_embedding", Minimum = 0, MinimumExclusive = true)] public double LoraplusLrEmbedding { get; init; } = 1e-6;

    /// <summary>Bits of the frozen weights with qlora: 4 (NF4) or 8.</summary>
    [Setting("quantization_bit", Unit = "bits", Minimum = 4, Maximum = 8)] public int QuantizationBit { get; init; } = 4;

    /// <summary>Second quantisation of the NF4 scales.</summary>
    [Setting("bnb_4bit_use_double_quant")] public bool Bnb4BitUseDoubleQuant { get; init; } = true;
}

/// <summary>What is learnt.</summary>
public sealed record TaskConfig
{
    /// <summary>The task.</summary>
    [Setting("task_type")] public TaskType TaskType { get; init; } = TaskType.CausalLm;

    /// <summary>Whether a text has one label, several, or a number; null = as the model's config says, else as the data shows.</summary>
    [Setting("problem_type")] public ProblemType? ProblemType { get; init; }

    /// <summary>Labels in order; empty = from the model's config or the data.</summary>
    [Setting("labels")] public SettingList Labels { get; init; } = [];

    /// <summary>Weights of the classes in the loss, as label=weight (1 where one is left out), or the single word balanced: rows / (classes × rows of the class).</summary>
    [Setting("class_weights", IsMap = true)] public SettingList ClassWeights { get; init; } = [];

    /// <summary>Share of the target moved to all classes.</summary>
    [Setting("label_smoothing_factor", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double LabelSmoothingFactor { get; init; }
}

/// <summary>Optimizer and regularisation.</summary>
public sealed record OptimizationConfig
{
    /// <summary>Peak learning rate; null = derived from the method and the model's size.</summary>
    [Setting("learning_rate", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? LearningRate { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    [Setting("weight_decay", Minimum = 0)] public double WeightDecay { get; init; } = 0.01;

    /// <summary>Optimizer.</summary>
    [Setting("optim", Values = new[] { "adamw_torch_fused", "adamw_torch" })] public string Optim { get; init; } = "adamw_torch_fused";

    /// <summary>Decay rate of the first moment.</summary>
    [Setting("adam_beta1", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double AdamBeta1 { get; init; } = 0.9;

    /// <summary>Decay rate of the second moment.</summary>
    [Setting("adam_beta2", Unit = "0..1", Minimum = 0, Maximum = 1, MaximumExclusive = true)] public double AdamBeta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    [Setting("adam_epsilon", Minimum = 0, MinimumExclusive = true)] public double AdamEpsilon { get; init; } = 1e-8;

    /// <summary>Largest global L2 norm of the gradient; 0 = no clipping; null = derived from method and size.</summary>
    [Setting("max_grad_norm", Minimum = 0, IsDerived = true)] public double? MaxGradNorm { get; init; }

    /// <summary>Uniform noise on the input embeddings (NEFTune); null = none.</summary>
    [Setting("neftune_noise_alpha", Minimum = 0)] public double? NeftuneNoiseAlpha { get; init; }

    /// <summary>Factor from each layer's learning rate to that of the layer below it, the head having the full rate; null = one rate for all.</summary>
    [Setting("layerwise_lr_decay", Unit = "0..1", Minimum = 0, MinimumExclusive = true, Maximum = 1)] public double? LayerwiseLrDecay { get; init; }

    /// <summary>Leave the embeddings as they are (full fine-tuning).</summary>
    [Setting("freeze_embeddings")] public bool FreezeEmbeddings { get; init; }

    /// <summary>Number of layers, from the bottom, that are left as they are (full fine-tuning).</summary>
    [Setting("freeze_layers", Unit = "layers", Minimum = 0)] public int FreezeLayers { get; init; }
}

/// <summary>Learning-rate schedule.</summary>
public sealed record ScheduleConfig
{
    /// <summary>The schedule.</summary>
    [Setting("lr_scheduler_type")] public LrSchedulerType LrSchedulerType { get; init; } = LrSchedulerType.Cosine;

    /// <summary>Warm-up in steps; wins over the ratio.</summary>
    [Setting("warmup_steps", Unit = "steps", Minimum = 0)] public int? WarmupSteps { get; init; }

    /// <summary>Warm-up as a share of the run, rounded up; null = derived.</summary>
    [Setting("warmup_ratio", Unit = "0..1", Minimum = 0, Maximum = 1, IsDerived = true)] public double? WarmupRatio { get; init; }

    /// <summary>Lowest learning rate of cosine_with_min_lr; one of this and <see cref="MinLrRate"/>.</summary>
    [Setting("min_lr", Minimum = 0)] public double? MinLr { get; init; }

    /// <summary>The same as a share of the peak.</summary>
    [Setting("min_lr_rate", Unit = "0..1", Minimum = 0, Maximum = 1, IsDerived = true)] public double? MinLrRate { get; init; }

    /// <summary>Cycles of cosine schedules; null = the schedule's default.</summary>
    [Setting("num_cycles", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? NumCycles { get; init; }

    /// <summary>Power of the polynomial schedule.</summary>
    [Setting("power", Minimum = 0, MinimumExclusive = true)] public double Power { get; init; } = 1.0;

    /// <summary>Final learning rate of the polynomial schedule.</summary>
    [Setting("lr_end", Minimum = 0)] public double LrEnd { get; init; } = 1e-7;

    /// <summary>Time scale of inverse_sqrt in steps; null = the warm-up.</summary>
    [Setting("timescale", Unit = "steps", Minimum = 1)] public int? Timescale { get; init; }

    /// <summary>Decay steps of warmup_stable_decay.</summary>
    [Setting("num_decay_steps", Unit = "steps", Minimum = 0)] public int? NumDecaySteps { get; init; }

    /// <summary>Stable steps of warmup_stable_decay; null = what is left.</summary>
    [Setting("num_stable_steps", Unit = "steps", Minimum = 0)] public int? NumStableSteps { get; init; }
}

/// <summary>Batch size and accumulation.</summary>
public sealed record BatchConfig
{
    /// <summary>Rows a micro-batch; null = derived.</summary>
    [Setting("per_device_train_batch_size", Unit = "rows", Minimum = 1, IsDerived = true)] public int? PerDeviceTrainBatchSize { get; init; }

    /// <summary>Rows an evaluation batch; null = the training one.</summary>
    [Setting("per_device_eval_batch_size", Unit = "rows", Minimum = 1, IsDerived = true)] public int? PerDeviceEvalBatchSize { get; init; }

    /// <summary>Micro-batches a step; null = derived.</summary>
    [Setting("gradient_accumulation_steps", Minimum = 1, IsDerived = true)] public int? GradientAccumulationSteps { get; init; }

    /// <summary>Compute activations again in the backward pass.</summary>
    [Setting("gradient_checkpointing")] public bool GradientCheckpointing { get; init; }

    /// <summary>Halve the micro-batch and double accumulation when memory runs out.</summary>
    [Setting("auto_find_batch_size")] public bool AutoFindBatchSize { get; init; }
}

/// <summary>Length of the run.</summary>
public sealed record DurationConfig
{
    /// <summary>Passes over the data; null = derived.</summary>
    [Setting("num_train_epochs", Unit = "epochs", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? NumTrainEpochs { get; init; }

    /// <summary>Optimizer steps; overrides epochs; null = from epochs.</summary>
    [Setting("max_steps", Unit = "steps", Minimum = 1)] public int? MaxSteps { get; init; }
}

/// <summary>Evaluation, best model and early stopping.</summary>
public sealed record EvaluationConfig
{
    /// <summary>When to evaluate; null = each epoch if there is validation data.</summary>
    [Setting("eval_strategy", IsDerived = true)] public IntervalStrategy? EvalStrategy { get; init; }

    /// <summary>Steps between evaluations; below 1 a share of the run.</summary>
    [Setting("eval_steps", Unit = "steps", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? EvalSteps { get; init; }

    /// <summary>Metric that decides the best model.</summary>
    [Setting("metric_for_best_model")] public string MetricForBestModel { get; init; } = "eval_loss";

    /// <summary>Whether higher is better; null = unless the name ends in loss.</summary>
    [Setting("greater_is_better", IsDerived = true)] public bool? GreaterIsBetter { get; init; }

    /// <summary>Evaluations without improvement before the run stops; null = no early stopping.</summary>
    [Setting("early_stopping_patience", Unit = "evaluations", Minimum = 1)] public int? EarlyStoppingPatience { get; init; }

    /// <summary>Least change that counts as improvement.</summary>
    [Setting("early_stopping_threshold", Minimum = 0)] public double EarlyStoppingThreshold { get; init; }

    /// <summary>Load the best checkpoint when the run ends.</summary>
    [Setting("load_best_model_at_end")] public bool LoadBestModelAtEnd { get; init; }
}

/// <summary>Checkpoints.</summary>
public sealed record CheckpointConfig
{
    /// <summary>When to save.</summary>
    [Setting("save_strategy")] public IntervalStrategy SaveStrategy { get; init; } = IntervalStrategy.Epoch;

    /// <summary>Steps between checkpoints; below 1 a share of the run.</summary>
    [Setting("save_steps", Unit = "steps", Minimum = 0, MinimumExclusive = true, IsDerived = true)] public double? SaveSteps { get; init; }

    /// <summary>Checkpoints kept (the best is exempt); null = all.</summary>
    [Setting("save_total_limit", Minimum = 1)] public int? SaveTotalLimit { get; init; } = 2;
}

/// <summary>Device, precision, seed.</summary>
public sealed record RuntimeConfig
{
    /// <summary>auto, cpu, cuda or cuda:n.</summary>
    [Setting("device")] public string Device { get; init; } = "auto";

    /// <summary>Number format; null = derived (bf16 where the device has it, else fp32).</summary>
    [Setting("precision", IsDerived = true)] public Precision? Precision { get; init; }

    /// <summary>Seed of every random choice.</summary>
    [Setting("seed", Minimum = 0)] public long Seed { get; init; } = 42;

    /// <summary>CPU threads; null = the physical cores.</summary>
    [Setting("num_threads", Unit = "threads", Minimum = 1, IsDerived = true)] public int? NumThreads { get; init; }
}

/// <summary>Logs.</summary>
public sealed record LoggingConfig
{
    /// <summary>Steps between logged metrics.</summary>
    [Setting("logging_steps", Unit = "steps", Minimum = 1)] public int LoggingSteps { get; init; } = 1;

    /// <summary>Write TensorBoard events.</summary>
    [Setting("tensorboard")] public bool Tensorboard { get; init; } = true;
}
