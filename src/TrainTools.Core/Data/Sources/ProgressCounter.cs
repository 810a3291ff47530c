namespace TrainTools.Core.Data.Sources;

/// <summary>Adds up what was read over all files of one call.</summary>
internal sealed class ProgressCounter
{
    private readonly Action<DatasetProgress>? _report;
    private readonly long _total;
    private long _done;
    private long _records;

    public ProgressCounter(IEnumerable<string> files, Action<DatasetProgress>? report)
    {
        _report = report;
        _total = report is null ? 0 : files.Select(f => new FileInfo(f)).Sum(f => f.Exists ? f.Length : 0);
    }

    /// <summary>Reports the place in the current file.</summary>
    public void Report(long position, long records)
    {
        _records += records;
        _report?.Invoke(new DatasetProgress(_done + position, _total, _records));
    }

    /// <summary>Reports the end of the current file.</summary>
    public void EndFile(long position, long records)
    {
        Report(position, records);
        _done += position;
    }
}
