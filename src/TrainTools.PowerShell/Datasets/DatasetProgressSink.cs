using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Data;

namespace TrainTools.PowerShell.Datasets;

/// <summary>Shows how far a data set has been read or cleaned, with rate and remaining time; at most five records a second.</summary>
internal sealed class DatasetProgressSink(Cmdlet command, int activityId, string activity)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly long _start = TimeProvider.System.GetTimestamp();
    private long _shownAt;
    private bool _isShown;

    /// <summary>Takes the progress of reading.</summary>
    public void Report(DatasetProgress progress)
    {
        var elapsed = TimeProvider.System.GetElapsedTime(_start);
        Report(new CleaningProgress("Reading", progress.Records, progress.BytesRead, progress.BytesTotal, elapsed));
    }

    /// <summary>Takes the progress of cleaning.</summary>
    public void Report(CleaningProgress progress)
    {
        if (_isShown && TimeProvider.System.GetElapsedTime(_shownAt) < Interval)
        {
            return;
        }

        _isShown = true;
        _shownAt = TimeProvider.System.GetTimestamp();
        var speed = progress.BytesDone > 0 && progress.Elapsed.TotalSeconds > 0
            ? string.Create(CultureInfo.InvariantCulture, $"  {progress.BytesDone / 1e6 / progress.Elapsed.TotalSeconds:N1} MB/s")
            : string.Empty;
        command.WriteProgress(new ProgressRecord(activityId, activity, string.Create(
            CultureInfo.InvariantCulture, $"{progress.Stage}: {progress.Records:N0} records  {progress.RecordsPerSecond:N0}/s{speed}"))
        {
            PercentComplete = progress.BytesTotal > 0 ? (int)Math.Clamp(100 * progress.BytesDone / progress.BytesTotal, 0, 100) : -1,
            SecondsRemaining = progress.Remaining is { } left ? (int)Math.Min(left.TotalSeconds, int.MaxValue) : -1,
        });
    }

    /// <summary>Takes the record off the screen.</summary>
    public void Complete()
    {
        if (_isShown && !command.Stopping)
        {
            _isShown = false;
            command.WriteProgress(new ProgressRecord(activityId, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }
}
