namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Adapters and quantised bases
    public const string AdapterConfigMissing = "AdapterConfigMissing";
    public const string AdapterWeightsMissing = "AdapterWeightsMissing";
    public const string AdapterConfigInvalid = "AdapterConfigInvalid";
    public const string AdapterTypeUnsupported = "AdapterTypeUnsupported";
    public const string AdapterTargetsNotFound = "AdapterTargetsNotFound";
    public const string AdapterBaseMismatch = "AdapterBaseMismatch";
    public const string AdapterMergeUnsupported = "AdapterMergeUnsupported";
    public const string AdapterDead = "AdapterDead";
    public const string QuantizedBaseFrozen = "QuantizedBaseFrozen";
    public const string QuantizationNonFinite = "QuantizationNonFinite";
    public const string QuantizationStateInvalid = "QuantizationStateInvalid";
}
