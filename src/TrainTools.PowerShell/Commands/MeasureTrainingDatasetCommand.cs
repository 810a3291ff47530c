using System.Management.Automation;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data.Statistics;
using TrainTools.Core.Tokenization;
using TrainTools.PowerShell.Datasets;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Says what a data set is made of: records by shape, role and label, lengths with histograms, languages and scripts, the
/// share of text that is learnt, and how much of it is duplicated or contradicts itself.
/// </summary>
[Cmdlet(VerbsDiagnostic.Measure, "TrainingDataset", DefaultParameterSetName = PathSet)]
[OutputType(typeof(DatasetStatistics))]
public sealed class MeasureTrainingDatasetCommand : RecordCommandBase
{
    /// <summary>Folder of a tokenizer (a model's folder): lengths are measured in its tokens too.</summary>
    [Parameter]
    [Alias("tokenizer_path")]
    [ValidateNotNullOrEmpty]
    public string? TokenizerPath { get; set; }

    /// <summary>Don't look for duplicates and conflicts, which takes most of the time.</summary>
    [Parameter]
    public SwitchParameter SkipDuplicate { get; set; }

    /// <inheritdoc/>
    private protected override void Run(IRecordSource source)
    {
        var tokenizer = TokenizerPath is null ? null : PretrainedTokenizer.Load(PathHelper.ResolveNew(this, TokenizerPath));
        var statistics = new DatasetMeasurer(tokenizer, duplicates: !SkipDuplicate).Measure(source, Cancellation);
        WriteObject(statistics with { BadLines = BadLines });
    }
}
