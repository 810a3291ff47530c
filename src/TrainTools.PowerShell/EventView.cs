using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell;

/// <summary>Shows a trainer's events on a cmdlet's streams. On the pipeline's thread only.</summary>
internal sealed class EventView(CommandBase command, ProgressSink progress)
{
    /// <summary>Shows one.</summary>
    public void Show(TrainerEvent item)
    {
        switch (item)
        {
            case RunStarted started:
                progress.Begin(started);
                command.WriteVerbose(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{started.Samples} samples, {started.MaxSteps} steps in {started.NumTrainEpochs} epochs, {started.TrainableParameters:N0} of {started.TotalParameters:N0} parameters trainable, on {started.Device}."));
                if (started.FirstStep > 0)
                {
                    command.WriteVerbose($"The run goes on after step {started.FirstStep}.");
                }

                break;
            case TrainingStep step:
                progress.Report(step);
                break;
            case EvaluationResult evaluation:
                command.WriteVerbose($"Evaluation after step {evaluation.Step}: {string.Join(", ", evaluation.Metrics.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Key} {m.Value:G6}")))}.");
                break;
            case CheckpointSaved checkpoint:
                command.WriteVerbose($"Checkpoint after step {checkpoint.Step}: {checkpoint.Path}.");
                break;
            case DiagnosisRaised diagnosis:
                ShowDiagnosis(diagnosis);
                break;
            case LogMessage log:
                ShowLog(log);
                break;
        }
    }

    // What another diagnosis explains, what is only worth knowing and what has ended warns no one.
    private void ShowDiagnosis(DiagnosisRaised item)
    {
        var diagnosis = item.Diagnosis;
        if (item.Change == DiagnosisChange.Closed || diagnosis.Severity == FindingSeverity.Info || !diagnosis.IsRoot)
        {
            command.WriteInformation(diagnosis.Describe(), ["Diagnosis"]);
        }
        else
        {
            command.WriteWarning(diagnosis.Describe());
        }
    }

    private void ShowLog(LogMessage log)
    {
        switch (log.Level)
        {
            case "warning":
                command.WriteWarning(log.Message);
                break;
            case "information":
                command.WriteInformation(log.Message, ["Trainer"]);
                break;
            case "debug":
                command.WriteDebug(log.Message);
                break;
            default:
                command.WriteVerbose(log.Message);
                break;
        }
    }
}
