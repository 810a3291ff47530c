namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    public const string DatasetUnreadable = "DatasetUnreadable";
    public const string DatasetFormatUnknown = "DatasetFormatUnknown";
    public const string DatasetFieldMissing = "DatasetFieldMissing";
    public const string DatasetWriteFailed = "DatasetWriteFailed";
}
