namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // The trainer process and the run folder
    public const string RunFolderNotWritable = "RunFolderNotWritable";
    public const string TrainerUsage = "TrainerUsage";
    public const string TrainerStartFailed = "TrainerStartFailed";
    public const string DotNetNotFound = "DotNetNotFound";
    public const string GenerationRequestInvalid = "GenerationRequestInvalid";
}
