namespace TrainTools.Core.Errors;

/// <summary>Ids of models and their files.</summary>
public static partial class ErrorIds
{
    public const string ModelFileUnreadable = "ModelFileUnreadable";
    public const string ModelFileUnwritable = "ModelFileUnwritable";
    public const string ModelWeightsMissing = "ModelWeightsMissing";
    public const string ModelWeightsPickled = "ModelWeightsPickled";
    public const string ModelIndexInvalid = "ModelIndexInvalid";
    public const string ModelShardMissing = "ModelShardMissing";
    public const string ModelSettingUnsupported = "ModelSettingUnsupported";
    public const string ModelTaskUnsupported = "ModelTaskUnsupported";
    public const string ModelInputInvalid = "ModelInputInvalid";
    public const string TensorDtypeUnsupported = "TensorDtypeUnsupported";
}
