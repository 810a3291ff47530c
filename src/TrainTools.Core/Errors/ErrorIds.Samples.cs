namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // From records to samples
    public const string RecordShapeUnsupported = "RecordShapeUnsupported";
    public const string AssistantTokensMissing = "AssistantTokensMissing";
    public const string SampleNotFound = "SampleNotFound";
    public const string NothingToTrainOn = "NothingToTrainOn";
}
