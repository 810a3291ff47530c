namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Paths as a shell gives them
    public const string PathNotFound = "PathNotFound";
    public const string PathNotFileSystem = "PathNotFileSystem";
    public const string FileExists = "FileExists";
    public const string FileAccessFailed = "FileAccessFailed";
}
