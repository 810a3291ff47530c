using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <content>Judging a model on labelled data.</content>
public sealed partial class InvokeFineTunedModelCommand
{
    /// <summary>Files with labelled records to judge a classifier or tagger by; wildcards are allowed. They are read as the run's own data was.</summary>
    [Parameter(Mandatory = true, ParameterSetName = EvaluateSet)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] EvaluatePath { get; set; } = [];

    /// <summary>Field with the text; left out, the run's.</summary>
    [Parameter(ParameterSetName = EvaluateSet)]
    [ValidateNotNullOrEmpty]
    public string? TextField { get; set; }

    /// <summary>Field with the label; left out, the run's.</summary>
    [Parameter(ParameterSetName = EvaluateSet)]
    [ValidateNotNullOrEmpty]
    public string? LabelField { get; set; }

    private void Evaluate()
    {
        var files = PathHelper.Resolve(this, EvaluatePath, literal: false).ToList();
        var data = RunData();
        var options = DatasetReaderOptions.FromConfig(data with { TextField = TextField ?? data.TextField, LabelField = LabelField ?? data.LabelField }) with { Strict = true };
        var evaluation = new ModelEvaluation(model!);
        var left = 0;
        foreach (var record in new DatasetReader(options).Read(files))
        {
            Cancellation.ThrowIfCancellationRequested();
            if (record.Shape == RecordShape.Classification ? string.IsNullOrWhiteSpace(record.Text) : record.Tokens is { Count: 0 })
            {
                left++;
                continue;
            }

            trainer!.Ask(ModelEvaluation.Request(record, data.MaxLength));
            var answer = Answer();
            if (answer is TrainerError error)
            {
                throw error.ToException();
            }

            evaluation.Add(record, answer!);
            if (evaluation.Count % 200 == 0)
            {
                WriteProgress(new ProgressRecord(1, $"Evaluating {System.IO.Path.GetFileName(model)}", $"{evaluation.Count} records"));
            }
        }

        if (left > 0)
        {
            WriteWarning($"{left} records are left out: their text is empty.");
        }

        WriteObject(evaluation.Report());
    }

    // The settings that the records were read with in training, where the run is known.
    private DataConfig RunData()
    {
        var path = PathHelper.ResolveNew(this, Path);
        for (var folder = path; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (FineTuneRun.TryOpen(new RunFolder(folder)) is { } run)
            {
                try
                {
                    return run.ReadConfig().Data;
                }
                catch (TrainToolsException e)
                {
                    WriteVerbose(e.Message);
                    break;
                }
            }

            if (folder != path && !Directory.Exists(System.IO.Path.Combine(folder, "checkpoints")))
            {
                break; // a model inside a run is at most two folders down
            }
        }

        return new DataConfig { DatasetFormat = DatasetFormat.Auto };
    }
}
