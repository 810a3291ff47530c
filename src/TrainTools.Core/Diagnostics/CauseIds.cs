namespace TrainTools.Core.Diagnostics;

/// <summary>Stable ids of causes. They are part of the contract with scripts: never rename or reuse one.</summary>
public static class CauseIds
{
    public const string LearningRateTooHigh = "LearningRateTooHigh";
    public const string LearningRateTooLow = "LearningRateTooLow";
    public const string WarmupTooShort = "WarmupTooShort";
    public const string ClippingTooTight = "ClippingTooTight";
    public const string ClippingOff = "ClippingOff";
    public const string BatchTooSmall = "BatchTooSmall";
    public const string BatchNormSmallBatch = "BatchNormSmallBatch";
    public const string BadRecords = "BadRecords";
    public const string LabelNoise = "LabelNoise";
    public const string LabelsUnrelated = "LabelsUnrelated";
    public const string LabelsMasked = "LabelsMasked";
    public const string LabelsMisaligned = "LabelsMisaligned";
    public const string TokenizerMismatch = "TokenizerMismatch";
    public const string DataDiffers = "DataDiffers";
    public const string DataNotShuffled = "DataNotShuffled";
    public const string RecordsRepeated = "RecordsRepeated";
    public const string EvaluationInTraining = "EvaluationInTraining";
    public const string AnswerLeaks = "AnswerLeaks";
    public const string ParametersFrozen = "ParametersFrozen";
    public const string NotInOptimizer = "NotInOptimizer";
    public const string AccumulationNormaliser = "AccumulationNormaliser";
    public const string DropoutTooHigh = "DropoutTooHigh";
    public const string PrecisionOverflow = "PrecisionOverflow";
    public const string Overfitting = "Overfitting";
    public const string ModelTooSmall = "ModelTooSmall";
    public const string TooFewSteps = "TooFewSteps";
    public const string Converged = "Converged";
    public const string BatchTooLarge = "BatchTooLarge";
    public const string MemoryLeak = "MemoryLeak";
    public const string LongRows = "LongRows";
    public const string LoaderTooSlow = "LoaderTooSlow";
    public const string MachineBusy = "MachineBusy";
}
