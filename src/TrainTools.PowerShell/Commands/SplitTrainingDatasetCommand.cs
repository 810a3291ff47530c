using System.Management.Automation;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Splitting;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.PowerShell.Datasets;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Splits a data set into training, validation and test records. Duplicates and near duplicates stay on one side, so that
/// validation measures learning and not memory; so do groups, if a field is named. The same seed gives the same split.
/// </summary>
[Cmdlet(VerbsCommon.Split, "TrainingDataset", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(DatasetSplitResult))]
public sealed class SplitTrainingDatasetCommand : RecordCommandBase
{
    /// <summary>Share of the records for validation.</summary>
    [Parameter]
    [Alias("validation_split")]
    [ValidateRange(0.0, 1.0)]
    public double ValidationShare { get; set; } = 0.1;

    /// <summary>Share of the records for testing.</summary>
    [Parameter]
    [ValidateRange(0.0, 1.0)]
    public double TestShare { get; set; }

    /// <summary>Keep the shares of the labels the same on all sides.</summary>
    [Parameter]
    public SwitchParameter Stratify { get; set; }

    /// <summary>Field whose equal values stay on one side (a customer, a document, a conversation).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.FieldCompleter))]
    public string? GroupBy { get; set; }

    /// <summary>Let duplicates fall on two sides.</summary>
    [Parameter]
    public SwitchParameter AllowDuplicateLeak { get; set; }

    /// <summary>The split depends on it and on the records alone.</summary>
    [Parameter]
    public long Seed { get; set; } = 42;

    /// <summary>Folder to write train, validation and test files to; left out = the records are in the result.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? DestinationPath { get; set; }

    /// <summary>Ending of the files' names, which decides their layout.</summary>
    [Parameter]
    [ValidateSet(".jsonl", ".json", ".csv", ".tsv", ".parquet", ".conll", ".txt", ".jsonl.gz", ".jsonl.zst")]
    public string Extension { get; set; } = ".jsonl";

    /// <summary>Write over files that exist.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    private protected override void Run(IRecordSource source)
    {
        var folder = DestinationPath is null ? null : PathHelper.ResolveNew(this, DestinationPath);
        var sides = Enum.GetValues<SplitSide>().Where(s => s == SplitSide.Train || Share(s) > 0).ToList();
        if (folder is not null && !Force && sides.Select(s => Name(folder, s)).FirstOrDefault(File.Exists) is { } existing)
        {
            throw new TrainToolsException(ErrorIds.FileExists, ErrorKind.AlreadyExists, $"The file {existing} exists already.", "Choose another folder, or write over it with -Force.", existing);
        }

        var split = DatasetSplitter.Split(source, new DatasetSplitOptions
        {
            ValidationShare = ValidationShare,
            TestShare = TestShare,
            Stratify = Stratify,
            GroupField = GroupBy,
            KeepDuplicatesTogether = !AllowDuplicateLeak,
            Seed = Seed,
        }, Cancellation);
        if (folder is not null && !ShouldProcess(folder, "Write the sides of the split"))
        {
            return;
        }

        var parts = sides.ToDictionary(s => s, s => folder is null ? (object)Records(source, split, s).ToArray() : Write(source, split, s, folder));
        WriteObject(new DatasetSplitResult(parts[SplitSide.Train], parts.GetValueOrDefault(SplitSide.Validation), parts.GetValueOrDefault(SplitSide.Test))
        {
            TrainCount = split.Count(SplitSide.Train),
            ValidationCount = split.Count(SplitSide.Validation),
            TestCount = split.Count(SplitSide.Test),
            Groups = split.Groups,
            LargestGroup = split.LargestGroup,
        });
    }

    private double Share(SplitSide side) => side == SplitSide.Validation ? ValidationShare : TestShare;

    private string Name(string folder, SplitSide side) => System.IO.Path.Combine(folder, Enum.GetName(side)!.ToLowerInvariant() + Extension);

    private IEnumerable<TrainingRecord> Records(IRecordSource source, DatasetSplit split, SplitSide side) =>
        source.Read(Cancellation).Where((_, number) => split.Sides[number] == side);

    private FileInfo Write(IRecordSource source, DatasetSplit split, SplitSide side, string folder)
    {
        using var writer = new DatasetWriter(Name(folder, side));
        foreach (var record in Records(source, split, side))
        {
            writer.Write(record);
        }

        return writer.Complete();
    }
}
