namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Diagnosis and logs of training runs
    public const string SymptomUnknown = "SymptomUnknown";
    public const string TrainingLogNotFound = "TrainingLogNotFound";
    public const string TrainingLogUnknown = "TrainingLogUnknown";
    public const string TrainingLogInvalid = "TrainingLogInvalid";
    public const string TrainingLogEmpty = "TrainingLogEmpty";
    public const string ReportUnwritable = "ReportUnwritable";
    public const string ReportNothingToCompare = "ReportNothingToCompare";
}
