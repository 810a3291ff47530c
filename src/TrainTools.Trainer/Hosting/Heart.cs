using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>What happens every few seconds of a run, whatever the training does: the heartbeat, and a look at the log's size.</summary>
internal sealed class Heart : IDisposable
{
    private readonly Timer timer;

    /// <summary>Begins to beat.</summary>
    public Heart(RunLock runLock, RunFolder folder)
    {
        runLock.Beat();
        timer = new Timer(_ =>
        {
            runLock.Beat();
            try
            {
                if (LogRotation.Rotate(folder.LogPath))
                {
                    StandardStreams.LogTo(folder.LogPath);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or Core.Errors.TrainToolsException)
            {
                // The log goes on where it was; the next beat tries again.
            }
        }, null, RunHeartbeat.Interval, RunHeartbeat.Interval);
    }

    /// <summary>Stops, after a beat that is under way.</summary>
    public void Dispose()
    {
        using var done = new ManualResetEvent(false);
        if (timer.Dispose(done))
        {
            done.WaitOne();
        }
    }
}
