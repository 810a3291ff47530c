namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Installing a backend
    public const string BackendPlatformMismatch = "BackendPlatformMismatch";
    public const string BackendInstalled = "BackendInstalled";
    public const string PackageSourceUnknown = "PackageSourceUnknown";
    public const string PackageNotFound = "PackageNotFound";
    public const string PackageDownloadFailed = "PackageDownloadFailed";
    public const string PackageChecksumMismatch = "PackageChecksumMismatch";
    public const string PackageInvalid = "PackageInvalid";
}
