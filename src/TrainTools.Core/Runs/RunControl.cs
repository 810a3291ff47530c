using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>What anyone may do to a run from outside, through its folder.</summary>
public static class RunControl
{
    /// <summary>Asks the trainer of a run to stop after its current step. Harmless where none is at work.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.RunFolderNotWritable"/>.</exception>
    public static void RequestStop(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        try
        {
            File.WriteAllText(folder.StopRequestPath, string.Empty);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotWritable, ErrorKind.IO, $"The stop request cannot be written to {folder.StopRequestPath}: {e.Message}", "Give this user write access to the run folder.", folder.Path, e);
        }
    }
}
