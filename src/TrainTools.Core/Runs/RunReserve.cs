using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>
/// A little space that a run holds from its start, so that run.json can still say what happened when the disk is full.
/// </summary>
public static class RunReserve
{
    private const int Bytes = 256 << 10;

    /// <summary>Takes the space.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.DiskFull"/>, or <see cref="ErrorIds.RunFolderNotWritable"/>.</exception>
    public static void Take(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            // Written, not only sized: a sparse file holds no space.
            AtomicFile.WriteBytes(folder.ReservePath, new byte[Bytes]);
        }
        catch (IOException e) when (DiskSpace.RanOut(e))
        {
            throw new TrainToolsException(
                ErrorIds.DiskFull, ErrorKind.ResourceUnavailable, $"The disk is full: not even run.json could be kept up to date in '{folder.Path}'.", "Free some space.", folder.Path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotWritable, ErrorKind.IO, $"'{folder.Path}' cannot be written: {e.Message}", "Give this user write access to the run folder.", folder.Path, e);
        }
    }

    /// <summary>Gives it back.</summary>
    public static void Release(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            File.Delete(folder.ReservePath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is small, and the next run takes it over.
        }
    }
}
