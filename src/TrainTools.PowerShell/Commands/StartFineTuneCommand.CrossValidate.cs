using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <content>Cross-validation.</content>
public sealed partial class StartFineTuneCommand
{
    /// <summary>
    /// Train a classifier once for each of this many parts of the data, on all the others, and give a cross-validation instead of
    /// a run: metrics of the whole data, and out-of-fold probabilities for Invoke-DatasetClean -ProbabilityPath.
    /// </summary>
    [Parameter]
    [ValidateRange(2, 100)]
    public int CrossValidate { get; set; }

    private void TrainFolds(RunFolder folder, TrainingConfig config)
    {
        if (Resuming || Detach)
        {
            throw new TrainToolsException(
                ErrorIds.CrossValidationInvalid, ErrorKind.InvalidArgument, "-CrossValidate neither resumes nor detaches: it waits for one fold after the other.",
                "Leave -Resume and -Detach out; -Force replaces what is in the folder.", nameof(CrossValidate));
        }

        var facts = ConfigFacts.Gather(config);
        var findings = ConfigChecker.Check(config, new ConfigCheckOptions { Facts = facts });
        ConfigGate.ThrowIfUnusable(findings);
        RunPreparation.EnsureFree(folder, Force);
        if (!ShouldProcess(folder.Path, $"Train {CrossValidate} folds of {ModelName(config)}"))
        {
            return;
        }

        ConfigGate.WriteWarnings(this, findings, except: ConfigGate.OutputFolderRule);
        Directory.CreateDirectory(folder.Path);
        var folded = FoldedTraining.Create(config, CrossValidate, folder.Path);
        var runs = new List<FineTuneRun>();
        foreach (var fold in folded.Configs)
        {
            Cancellation.ThrowIfCancellationRequested();
            var run = new RunFolder(fold.OutputDir!);
            RunPreparation.Create(run, ConfigResolver.Resolve(fold));
            Watch(run, $"Fold {runs.Count + 1} of {CrossValidate}", Request());
            runs.Add(FineTuneRun.Open(run.Path));
            if (Stopping || runs[^1].State != RunState.Completed)
            {
                Host.UI.WriteWarningLine($"The cross-validation ended with fold {runs.Count} of {CrossValidate}: it is {runs[^1].State}.");
                return;
            }
        }

        var (report, probabilities) = folded.Collect();
        WriteObject(new CrossValidationResult { Path = folder.Path, Folds = runs, Evaluation = report, ProbabilityPath = probabilities });
    }
}
