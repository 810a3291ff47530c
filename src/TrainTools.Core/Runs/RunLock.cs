using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>
/// Keeps a run folder to one trainer: run.lock is held open exclusively while the trainer lives. The system lets go of
/// it when the process ends, however it ends, so a lock is never stale; the file itself stays and means nothing. Its time
/// of last writing is the trainer's heartbeat (<see cref="RunHeartbeat"/>), which tells also where a shared folder does not
/// carry locks from one machine to the other.
/// </summary>
public sealed class RunLock : IDisposable
{
    private readonly FileStream stream;

    private RunLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.RunInUse"/>, or <see cref="ErrorIds.RunFolderNotFound"/>.</exception>
    public static RunLock Acquire(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder.Path))
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotFound, ErrorKind.NotFound, $"The run folder '{folder.Path}' does not exist.", "Start-FineTune makes it.", folder.Path);
        }

        var other = RunInfo.TryLoad(folder) is { State: RunState.Running } info && info.Host != Environment.MachineName && File.Exists(folder.LockPath);

        // Someone who only asks whether the folder is in use (IsHeld) has the lock for a moment: try for half a second.
        var stream = TryOpen(folder.LockPath);
        for (var attempt = 0; stream is null && attempt < 10; attempt++)
        {
            Thread.Sleep(50);
            stream = TryOpen(folder.LockPath);
        }

        if (stream is null)
        {
            throw InUse(folder);
        }

        if (other && RunHeartbeat.IsBeating(folder))
        {
            stream.Dispose();
            throw InUse(folder);
        }

        return new RunLock(stream);
    }

    /// <summary>Says that the holder is alive. What cannot be written down is left out: the lock itself tells it too.</summary>
    public void Beat()
    {
        try
        {
            File.SetLastWriteTimeUtc(stream.SafeFileHandle, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
        }
    }

    /// <summary>Whether a living trainer holds the folder.</summary>
    public static bool IsHeld(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!File.Exists(folder.LockPath))
        {
            return false;
        }

        try
        {
            // Reading suffices to be refused, so a folder that may only be read can be asked too.
            using var stream = new FileStream(folder.LockPath, FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (IOException e) when (IsInUse(e))
        {
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return RunHeartbeat.IsFresh(folder); // it cannot be asked: the heartbeat decides
        }
    }

    /// <summary>
    /// Waits until no trainer holds the folder: one that has said how the run ended still writes its report and leaves. Not
    /// longer than half a minute.
    /// </summary>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public static void WaitUntilFree(RunFolder folder, CancellationToken cancellation)
    {
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); IsHeld(folder) && watch.Elapsed < TimeSpan.FromSeconds(30);)
        {
            cancellation.WaitHandle.WaitOne(50);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    // What the system says of a file that someone else has locked; a read-only disk, say, is something else.
    private static bool IsInUse(IOException e)
    {
        const int wouldBlockLinux = 11, wouldBlockMac = 35;
        const int sharingViolation = unchecked((int)0x80070020), lockViolation = unchecked((int)0x80070021);
        return OperatingSystem.IsWindows() ? e.HResult is sharingViolation or lockViolation : e.HResult is wouldBlockLinux or wouldBlockMac;
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsInUse(e))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.RunFolderNotWritable, ErrorKind.IO, $"'{path}' cannot be opened for writing: {e.Message}", "Give this user write access to the run folder.", path, e);
        }
    }

    private static TrainToolsException InUse(RunFolder folder) => new(
        ErrorIds.RunInUse,
        ErrorKind.InvalidOperation,
        $"Another trainer works on the run folder '{folder.Path}'{Owner(folder)}.",
        "Wait for it, stop it with Stop-FineTune, or choose another output folder.",
        folder.Path);

    private static string Owner(RunFolder folder) =>
        RunInfo.TryLoad(folder) is { State: RunState.Running } info ? $" (process {info.ProcessId} on {info.Host}, since {info.StartedAt:yyyy-MM-dd HH:mm:ss})" : "";
}
