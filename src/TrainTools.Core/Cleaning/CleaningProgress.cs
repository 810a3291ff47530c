namespace TrainTools.Core.Cleaning;

/// <summary>How far a cleaning run has come.</summary>
/// <param name="Stage">What is being done.</param>
/// <param name="Records">Records looked at in the first pass.</param>
/// <param name="BytesDone">Bytes of the input files read; 0 for records made in memory.</param>
/// <param name="BytesTotal">Bytes of the input files; 0 if unknown.</param>
/// <param name="Elapsed">Time since the start.</param>
public sealed record CleaningProgress(string Stage, long Records, long BytesDone, long BytesTotal, TimeSpan Elapsed)
{
    /// <summary>Records a second.</summary>
    public double RecordsPerSecond => Elapsed.TotalSeconds > 0 ? Records / Elapsed.TotalSeconds : 0;

    /// <summary>Time left of the first pass at the rate so far; null if unknown.</summary>
    public TimeSpan? Remaining => BytesDone > 0 && BytesTotal >= BytesDone ? Elapsed * ((double)(BytesTotal - BytesDone) / BytesDone) : null;
}
