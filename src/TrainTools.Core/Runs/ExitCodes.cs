using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>What the trainer's exit code tells a scheduler.</summary>
public static class ExitCodes
{
    /// <summary>The run is complete (or the verb did its work).</summary>
    public const int Completed = 0;

    /// <summary>It failed while running: memory, disk, device, something unforeseen. Trying again may help.</summary>
    public const int Failed = 1;

    /// <summary>The command line, the settings or the data cannot be used. Trying again unchanged does not help.</summary>
    public const int InvalidInput = 2;

    /// <summary>It ended on request, with a checkpoint; it can be resumed.</summary>
    public const int Stopped = 3;

    /// <summary>Another trainer works on the run folder.</summary>
    public const int InUse = 4;

    /// <summary>The exit code of an error.</summary>
    public static int For(TrainToolsException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error.ErrorId == ErrorIds.RunInUse ? InUse : error.Kind switch
        {
            ErrorKind.InvalidArgument or ErrorKind.InvalidData or ErrorKind.NotFound or ErrorKind.AlreadyExists or ErrorKind.NotSupported => InvalidInput,
            _ => Failed,
        };
    }

    /// <summary>The exit code of a run as it stands; null while it has not ended.</summary>
    public static int? For(RunState state, TrainToolsException? error) => state switch
    {
        RunState.Completed => Completed,
        RunState.Stopped => Stopped,
        RunState.Failed => error is null ? Failed : For(error),
        _ => null,
    };
}
