using System.Globalization;
using System.Runtime.ExceptionServices;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell;

/// <summary>
/// Turns a trainer's events into the cmdlet's streams until the trainer has ended. Everything is written on the thread of
/// the pipeline; only <see cref="RequestStop"/> is called from another. Once the pipeline is being stopped nothing can be
/// written any more: the events are still read to their end, because the trainer is writing its checkpoint.
/// </summary>
internal sealed class RunMonitor(CommandBase command, TrainerProcess trainer, ProgressSink progress, StopRule? stopOn = null)
{
    private bool stopRequested;

    /// <summary>Asks the trainer to stop after its step; it answers by ending.</summary>
    public void RequestStop() => trainer.RequestStop();

    /// <summary>Follows the run to its end.</summary>
    /// <exception cref="Core.Errors.TrainToolsException">It failed, or the trainer died.</exception>
    public void Follow()
    {
        ExceptionDispatchInfo? refused = null;
        foreach (var item in trainer.Events())
        {
            if (refused is not null || command.Stopping)
            {
                continue;
            }

            try
            {
                Show(item);
            }
            catch (Exception e)
            {
                // A stop that came while something was written, or a preference that makes a warning an error: either way
                // the trainer gets to write its checkpoint.
                RequestStop();
                refused = ExceptionDispatchInfo.Capture(e);
            }
        }

        if (!command.Stopping)
        {
            refused?.Throw();
        }
    }

    private void Show(TrainerEvent item)
    {
        switch (item)
        {
            case RunStarted started:
                progress.Begin(started);
                command.WriteVerbose(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{started.Samples} samples, {started.MaxSteps} steps in {started.NumTrainEpochs} epochs, {started.TrainableParameters:N0} of {started.TotalParameters:N0} parameters trainable, on {started.Device}."));
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
        if (stopOn?.Applies(item) == true && !stopRequested)
        {
            stopRequested = true;
            command.WriteWarning($"{diagnosis.Symptom}: the run is asked to stop after its step (-StopOn).");
            RequestStop();
        }

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
