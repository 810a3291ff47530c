using System.Management.Automation;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.PowerShell.Datasets;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Reads data files as records, one after another: JSON Lines, JSON, CSV, TSV, Parquet, CoNLL and text, each also as gzip or
/// zstd. A bad line is an error with file and line, and the rest goes on; -ErrorAction Stop ends at the first.
/// </summary>
[Cmdlet(VerbsData.Import, "TrainingDataset", DefaultParameterSetName = PathSet)]
[OutputType(typeof(TrainingRecord))]
public sealed class ImportTrainingDatasetCommand : DatasetReadCommandBase
{
    private long _index;

    /// <inheritdoc/>
    protected override void Process()
    {
        foreach (var file in Files())
        {
            var progress = new DatasetProgressSink(this, 11, $"Reading {System.IO.Path.GetFileName(file)}");
            var reader = new DatasetReader(ReaderOptions() with { OnProgress = progress.Report });
            try
            {
                foreach (var record in reader.Read(file, Cancellation))
                {
                    WriteObject(record with { Index = _index++ });
                }
            }
            catch (TrainToolsException e)
            {
                WriteError(ErrorRecords.From(e, file));
            }

            progress.Complete();
        }
    }
}
