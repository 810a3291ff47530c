using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>Records that can be read more than once, always in the same order.</summary>
public interface IRecordSource
{
    /// <summary>Files the records come from; empty for records made in memory.</summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>Reads all records from the first.</summary>
    IEnumerable<TrainingRecord> Read(CancellationToken cancellationToken);
}

/// <summary>Records of files, read again each time. Bad lines are reported the first time only.</summary>
public sealed class FileRecordSource(IReadOnlyList<string> files, DatasetReaderOptions options) : IRecordSource
{
    private bool _readBefore;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files { get; } = files;

    /// <summary>Bad lines met so far.</summary>
    public long Problems { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<TrainingRecord> Read(CancellationToken cancellationToken)
    {
        var first = !_readBefore;
        _readBefore = true;
        var reader = new DatasetReader(first
            ? options with { OnProblem = Note }
            : options with { OnProblem = null, OnProgress = null });
        return reader.Read(Files, cancellationToken);
    }

    private void Note(DatasetProblem problem)
    {
        Problems++;
        options.OnProblem?.Invoke(problem);
    }
}
