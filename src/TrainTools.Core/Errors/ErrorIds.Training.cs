namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Training
    public const string CheckpointInvalid = "CheckpointInvalid";
    public const string OptimizerUnsupported = "OptimizerUnsupported";
}
