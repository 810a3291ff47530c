namespace TrainTools.Core.Runs;

/// <summary>
/// The trainer's heartbeat: the time of last writing of run.lock, set every few seconds. It needs no space on the disk.
/// On this machine the lock itself decides whether a trainer lives; the heartbeat decides where a lock may not be seen.
/// </summary>
public static class RunHeartbeat
{
    /// <summary>Time between beats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // Clocks of two machines differ, and a busy file server is late.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    /// <summary>The last beat; null where there was none.</summary>
    public static DateTimeOffset? Last(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var file = new FileInfo(folder.LockPath);
        return file.Exists ? new DateTimeOffset(file.LastWriteTimeUtc) : null;
    }

    /// <summary>Whether the last beat is recent by this machine's clock. For a look that cannot wait.</summary>
    public static bool IsFresh(RunFolder folder) => Last(folder) is { } last && (DateTimeOffset.UtcNow - last).Duration() < Tolerance;

    /// <summary>
    /// Whether it beats: looks until it changes, for two and a half intervals at most. No clock is asked what time it is.
    /// A beat from long ago is not waited for.
    /// </summary>
    public static bool IsBeating(RunFolder folder)
    {
        var first = Last(folder);
        if (first is null || !IsFresh(folder))
        {
            return false;
        }

        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (watch.Elapsed < 2.5 * Interval)
        {
            Thread.Sleep(200);
            if (Last(folder) != first)
            {
                return true;
            }
        }

        return false;
    }
}
