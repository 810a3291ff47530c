namespace TrainTools.Core.Errors;

/// <summary>
/// Every stable error id, in one place. Ids are part of the contract with scripts: never rename or reuse one.
/// </summary>
public static partial class ErrorIds
{
    // Models and their files
    public const string ModelFolderNotFound = "ModelFolderNotFound";
    public const string ModelConfigMissing = "ModelConfigMissing";
    public const string ModelConfigInvalid = "ModelConfigInvalid";
    public const string ModelTypeMissing = "ModelTypeMissing";
    public const string ModelTypeUnsupported = "ModelTypeUnsupported";
    public const string SafetensorsInvalid = "SafetensorsInvalid";
    public const string SafetensorsTruncated = "SafetensorsTruncated";
    public const string TensorMissing = "TensorMissing";
    public const string TensorUnexpected = "TensorUnexpected";
    public const string TensorShapeMismatch = "TensorShapeMismatch";

    // Data
    public const string DatasetNotFound = "DatasetNotFound";
    public const string DatasetEmpty = "DatasetEmpty";
    public const string DatasetLineInvalid = "DatasetLineInvalid";
    public const string DatasetShapeUnknown = "DatasetShapeUnknown";

    // Configuration
    public const string ConfigFileNotFound = "ConfigFileNotFound";
    public const string ConfigFileInvalid = "ConfigFileInvalid";
    public const string ConfigKeyUnknown = "ConfigKeyUnknown";
    public const string ConfigValueInvalid = "ConfigValueInvalid";
    public const string ConfigRejected = "ConfigRejected";

    // Runs
    public const string OutputFolderNotEmpty = "OutputFolderNotEmpty";
    public const string RunFolderNotFound = "RunFolderNotFound";
    public const string RunInUse = "RunInUse";
    public const string TrainerNotFound = "TrainerNotFound";
    public const string TrainerDied = "TrainerDied";
    public const string TrainerFailed = "TrainerFailed";

    // Backend
    public const string BackendNotFound = "BackendNotFound";
    public const string BackendVersionMismatch = "BackendVersionMismatch";
    public const string BackendLoadFailed = "BackendLoadFailed";
    public const string BackendFileUnexpected = "BackendFileUnexpected";
    public const string DeviceUnavailable = "DeviceUnavailable";
    public const string OutOfMemory = "OutOfMemory";
}
