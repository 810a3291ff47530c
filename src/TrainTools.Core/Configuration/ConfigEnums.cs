namespace TrainTools.Core.Configuration;

/// <summary>How parameters are trained.</summary>
public enum TrainingMethod
{
    /// <summary>Every parameter.</summary>
    Full,

    /// <summary>Low-rank adapters on a frozen base.</summary>
    Lora,

    /// <summary>Low-rank adapters on a frozen base quantised to NF4.</summary>
    Qlora,
}

/// <summary>What the model is trained to do.</summary>
public enum TaskType
{
    /// <summary>Next-token prediction: SFT and continued pre-training.</summary>
    [SettingValue("causal-lm")] CausalLm,

    /// <summary>One label (or several, or a number) a text.</summary>
    [SettingValue("sequence-classification")] SequenceClassification,

    /// <summary>One label a word (NER).</summary>
    [SettingValue("token-classification")] TokenClassification,

    /// <summary>Masked tokens (encoders).</summary>
    [SettingValue("masked-lm")] MaskedLm,
}

/// <summary>What the labels of texts are, under transformers' names.</summary>
public enum ProblemType
{
    /// <summary>A number: mean squared error.</summary>
    Regression,

    /// <summary>One class of several: cross-entropy.</summary>
    SingleLabelClassification,

    /// <summary>Any number of classes: binary cross-entropy for each.</summary>
    MultiLabelClassification,
}

/// <summary>The learning-rate schedules of transformers, under its names.</summary>
public enum LrSchedulerType
{
    Linear,
    Cosine,
    CosineWithRestarts,
    Polynomial,
    Constant,
    ConstantWithWarmup,
    InverseSqrt,
    ReduceLrOnPlateau,
    CosineWithMinLr,
    CosineWarmupWithMinLr,
    WarmupStableDecay,
    Greedy,
}

/// <summary>How documents are put together into rows of max_length tokens (TRL's names).</summary>
public enum PackingStrategy
{
    /// <summary>Best-fit decreasing; over-long documents are cut and the overflow dropped.</summary>
    Bfd,

    /// <summary>Best-fit decreasing; the overflow of over-long documents becomes further pieces.</summary>
    BfdSplit,

    /// <summary>Everything concatenated and cut every max_length tokens; documents see each other.</summary>
    Wrapped,
}

/// <summary>Which part of a row that is too long is kept.</summary>
public enum TruncationMode
{
    /// <summary>Its start.</summary>
    KeepStart,

    /// <summary>Its end.</summary>
    KeepEnd,
}

/// <summary>When something happens.</summary>
public enum IntervalStrategy
{
    No,
    Steps,
    Epoch,
}

/// <summary>Number format of the computation.</summary>
public enum Precision
{
    Fp32,
    Bf16,
    Fp16,
}

/// <summary>Shape of the records in a data file.</summary>
public enum DatasetFormat
{
    /// <summary>Found by content.</summary>
    Auto,
    Messages,
    ShareGpt,
    Alpaca,
    PromptCompletion,
    Text,
    Preference,
    Classification,
    TokenClassification,
}
