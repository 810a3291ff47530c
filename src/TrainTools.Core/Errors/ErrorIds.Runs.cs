namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Resuming, disks, links
    public const string ResumeRefused = "ResumeRefused";
    public const string ResumeNeedsFolder = "ResumeNeedsFolder";
    public const string CheckpointNotFound = "CheckpointNotFound";
    public const string DiskFull = "DiskFull";
    public const string StopAtPassed = "StopAtPassed";
    public const string LinkLeavesFolder = "LinkLeavesFolder";
}
