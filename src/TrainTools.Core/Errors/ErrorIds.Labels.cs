namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Classification and tagging
    public const string LabelMissing = "LabelMissing";
    public const string LabelUnknown = "LabelUnknown";
    public const string LabelsMixed = "LabelsMixed";
    public const string LabelsOneClass = "LabelsOneClass";
    public const string LabelNotNumber = "LabelNotNumber";
    public const string TokenTagMismatch = "TokenTagMismatch";
    public const string ClassWeightInvalid = "ClassWeightInvalid";
    public const string MaskTokenMissing = "MaskTokenMissing";
    public const string FreezeInvalid = "FreezeInvalid";
    public const string InitRequestInvalid = "InitRequestInvalid";
    public const string EvaluationUnavailable = "EvaluationUnavailable";
    public const string CrossValidationInvalid = "CrossValidationInvalid";
}
