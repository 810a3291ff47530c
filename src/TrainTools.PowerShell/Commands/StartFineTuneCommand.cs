using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Fine-tunes: starts a trainer on a run folder, shows how it goes, waits for its end and gives the run. Ctrl+C stops the
/// trainer after the step it is at, with a checkpoint, and waits for that.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "FineTune", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FineTuneRun), typeof(CrossValidationResult))]
public sealed partial class StartFineTuneCommand : CommandBase
{
    private const string ConfigSet = "Config";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const int ActivityId = 1;

    private volatile RunMonitor? monitor;

    private bool Resuming => Resume || Checkpoint is not null;

    /// <inheritdoc/>
    protected override void Begin()
    {
        _ = StopRule.Parse(StopOn);
        if (StopAt is { } moment && moment <= DateTimeOffset.Now)
        {
            throw new TrainToolsException(ErrorIds.StopAtPassed, ErrorKind.InvalidArgument, $"-StopAt {moment:yyyy-MM-dd HH:mm} has passed.", "Give a moment to come.", nameof(StopAt));
        }
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        if (ParameterSetName == ConfigSet)
        {
            Run(InputObject!);
            return;
        }

        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in PathHelper.Resolve(this, literal ? LiteralPath : Path, literal))
        {
            Cancellation.ThrowIfCancellationRequested();
            try
            {
                Run(Read(path));
            }
            catch (Exception e) when (IsUserError(e))
            {
                WriteError(ErrorRecords.From(e, path));
            }
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        base.StopProcessing();
        monitor?.RequestStop();
    }

    /// <summary>The configuration at a path: a YAML file's, or that of a run folder.</summary>
    private TrainingConfig Read(string path)
    {
        if (!Directory.Exists(path))
        {
            return ConfigYaml.Read(path);
        }

        var run = FineTuneRun.Open(path);
        return Resuming ? run.ReadConfig() with { OutputDir = run.Path } : throw new TrainToolsException(
            ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists, $"{path} is the folder of a run ({run.State}).", "Continue it with -Resume, or name a YAML file.", path);
    }

    private void Run(TrainingConfig given)
    {
        var config = ConfigValues.Override(this, given, Set);
        if (Resuming && config.OutputDir is null)
        {
            throw new TrainToolsException(
                ErrorIds.ResumeNeedsFolder, ErrorKind.InvalidArgument, "It is not known which run is to be resumed: the configuration names no output folder.",
                "Set output_dir (-OutputPath), or give the run's folder in place of the configuration.", "output_dir");
        }

        var folder = new RunFolder(config.OutputDir ?? RunPreparation.ChooseFolder(PathHelper.Location(this), config, DateTimeOffset.Now));
        try
        {
            if (CrossValidate > 0)
            {
                TrainFolds(folder, config);
            }
            else if (Resuming && Directory.Exists(folder.Path) && FineTuneRun.TryOpen(folder) is { } run)
            {
                Continue(folder, run, config);
            }
            else
            {
                StartNew(folder, config);
            }
        }
        catch (TrainToolsException e)
        {
            CollectFailure(folder, e);
            throw;
        }
    }

    private void StartNew(RunFolder folder, TrainingConfig config)
    {
        var facts = ConfigFacts.Gather(config);
        var findings = ConfigChecker.Check(config, new ConfigCheckOptions { Facts = facts });
        ConfigGate.ThrowIfUnusable(findings);
        RunPreparation.EnsureFree(folder, Force);
        ConfigGate.WriteWarnings(this, findings, except: ConfigGate.OutputFolderRule);
        var model = ModelName(config);
        if (!ShouldProcess(folder.Path, $"Fine-tune {model} on {config.Data.DatasetPath.Count} file(s)"))
        {
            return;
        }

        var resolved = ConfigResolver.Resolve(config, facts);
        ConfigReport.WriteDerived(this, resolved);
        RunPreparation.Create(folder, resolved);
        WriteVerbose($"The run folder is {folder.Path}.");
        Watch(folder, $"Fine-tuning {model}", Request());
        WriteResult(FineTuneRun.Open(folder.Path));
    }

    private void Watch(RunFolder folder, string activity, RunRequest request)
    {
        var progress = new ProgressSink(this, ActivityId, activity);
        using var trainer = TrainerProcess.StartRun(TrainerLocator.Find(), folder, request);
        monitor = new RunMonitor(this, trainer, progress);
        try
        {
            if (Cancellation.IsCancellationRequested)
            {
                monitor.RequestStop();
            }

            progress.Announce("starting the trainer");
            if (Detach)
            {
                monitor.FollowStart(Cancellation);
            }
            else
            {
                monitor.Follow();
            }
        }
        finally
        {
            monitor = null;
            progress.Complete();
        }
    }

    private RunRequest Request() => new() { Detach = Detach, MaxDuration = MaxDuration, StopAt = StopAt, StopOn = StopOn, AutoRemedy = Remedy == RemedyMode.Auto };

    private void WriteResult(FineTuneRun run)
    {
        Collect(run);
        if (Stopping)
        {
            // Nothing can be written to a pipeline that is being stopped; the person at the keyboard is told all the same.
            var last = run.Checkpoints.Count > 0 ? $" Its last checkpoint is {run.Checkpoints[^1].Path}." : string.Empty;
            Host.UI.WriteWarningLine($"The run {run.Name} is {run.State} after step {run.Steps}.{last} Start-FineTune '{run.Path}' -Resume continues it.");
            return;
        }

        WriteObject(run);
    }

    private static string ModelName(TrainingConfig config) =>
        System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(config.Model.ModelNameOrPath!));
}
