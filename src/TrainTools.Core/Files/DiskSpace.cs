using TrainTools.Core.Errors;

namespace TrainTools.Core.Files;

/// <summary>Free space, and what the file system says when there is none.</summary>
public static class DiskSpace
{
    /// <summary>Kept free beside what is about to be written: logs, run.json and the file system's own tables.</summary>
    public const long Margin = 1 << 20;

    /// <summary>Bytes that this user may still write where a folder is or will be; null where the system does not say.</summary>
    public static long? Free(string folder)
    {
        try
        {
            var there = Path.GetFullPath(folder);
            while (!Directory.Exists(there))
            {
                if (Path.GetDirectoryName(there) is not { } parent)
                {
                    return null;
                }

                there = parent;
            }

            return new DriveInfo(there).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Refuses to begin what cannot be finished.</summary>
    /// <param name="folder">Where it will be written.</param>
    /// <param name="bytes">How much.</param>
    /// <param name="what">What it is, as the subject of a sentence ("The checkpoint of step 5").</param>
    /// <param name="kept">What is safe all the same, as a sentence; null = nothing to say.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.DiskFull"/>.</exception>
    public static void Ensure(string folder, long bytes, string what, string? kept = null)
    {
        if (Free(folder) is { } free && free < bytes + Margin)
        {
            throw new TrainToolsException(
                ErrorIds.DiskFull, ErrorKind.ResourceUnavailable,
                $"The disk is full: {what} takes {Megabytes(bytes)}, and {Megabytes(free)} are free where '{folder}' lies.{(kept is null ? "" : " " + kept)}",
                "Free some space (or lower save_total_limit) and resume the run.", folder);
        }
    }

    /// <summary>Whether an exception means that the disk, a quota or a file's largest size is used up.</summary>
    public static bool RanOut(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        const int noSpace = 28, quotaLinux = 122, quotaMac = 69, fileTooLarge = 27;
        const int windowsDiskFull = unchecked((int)0x80070070), windowsHandleDiskFull = unchecked((int)0x80070027);
        return exception is IOException { HResult: noSpace or quotaLinux or quotaMac or fileTooLarge or windowsDiskFull or windowsHandleDiskFull }
            || (exception.InnerException is { } inner && RanOut(inner));
    }

    private static string Megabytes(long bytes) => FormattableString.Invariant($"{bytes / 1e6:N1} MB");
}
