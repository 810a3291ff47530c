namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    public const string TemporaryFileFailed = "TemporaryFileFailed";
    public const string CleaningOptionInvalid = "CleaningOptionInvalid";
    public const string NpyInvalid = "NpyInvalid";
    public const string ProbabilitiesMismatch = "ProbabilitiesMismatch";
    public const string VerdictFileInvalid = "VerdictFileInvalid";
    public const string SplitInvalid = "SplitInvalid";
}
