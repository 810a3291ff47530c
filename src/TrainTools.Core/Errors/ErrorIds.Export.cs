namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Export
    public const string ExportRequestInvalid = "ExportRequestInvalid";
    public const string ExportOutputExists = "ExportOutputExists";
    public const string ExportCheckFailed = "ExportCheckFailed";
}
