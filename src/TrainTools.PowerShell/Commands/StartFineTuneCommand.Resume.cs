using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <content>Resuming, and what a scheduler collects.</content>
public sealed partial class StartFineTuneCommand
{
    private const string DiskRule = "DiskFits"; // reckoned for a whole run: what is there already counts twice

    private void Continue(RunFolder folder, FineTuneRun run, TrainingConfig config)
    {
        if (run.State == RunState.Running)
        {
            throw new TrainToolsException(
                ErrorIds.RunInUse, ErrorKind.InvalidOperation, $"The run {folder.Path} is running (process {run.ProcessId}).", "Follow it with Watch-FineTune, or stop it with Stop-FineTune.", folder.Path);
        }

        var before = File.Exists(folder.ConfigPath) ? run.ReadConfig() with { OutputDir = folder.Path } : null;
        var after = Resolve(folder, config with { OutputDir = folder.Path }, before);
        if (!ShouldProcess(folder.Path, $"Resume the run ({run.State} after step {run.Steps}) from {Checkpoint ?? "its newest good checkpoint"}"))
        {
            return;
        }

        var request = Request() with { Resume = WantedCheckpoint(), Force = Force };
        if (after is null)
        {
            Watch(folder, $"Fine-tuning {ModelName(before!)}", request);
        }
        else
        {
            WithConfig(folder, after, () => Watch(folder, $"Fine-tuning {ModelName(after.Config)}", request));
        }

        WriteResult(FineTuneRun.Open(folder.Path));
    }

    /// <summary>The configuration to go on with; null where it is the one that is there.</summary>
    private ResolvedConfig? Resolve(RunFolder folder, TrainingConfig config, TrainingConfig? before)
    {
        var facts = ConfigFacts.Gather(config);
        var findings = ConfigChecker.Check(config, new ConfigCheckOptions { Facts = facts }).Where(f => f.RuleId is not (ConfigGate.OutputFolderRule or DiskRule)).ToList();
        ConfigGate.ThrowIfUnusable(findings);
        ConfigGate.WriteWarnings(this, findings);
        var resolved = ConfigResolver.Resolve(config, facts);
        if (before is null)
        {
            return resolved;
        }

        var differences = RunDifference.Between(before, resolved.Config);
        var grave = differences.Where(d => d.Effect == DifferenceEffect.Training).ToList();
        if (grave.Count > 0 && !Force && RunCheckpoint.Find(folder).Count > 0)
        {
            throw ResumePlan.Refused(folder, "since the run began", grave);
        }

        foreach (var difference in differences)
        {
            WriteVerbose($"Changed since the run began: {difference.Text}.");
        }

        return differences.Count == 0 ? null : resolved;
    }

    /// <summary>Goes on with another configuration; where that is refused, the old one is put back.</summary>
    private static void WithConfig(RunFolder folder, ResolvedConfig config, Action run)
    {
        var old = File.Exists(folder.ConfigPath) ? File.ReadAllBytes(folder.ConfigPath) : null;
        AtomicFile.WriteText(folder.ConfigPath, ConfigYaml.Write(config.Config, new ConfigYamlOptions { Derived = config.Derived }));
        try
        {
            run();
        }
        catch (TrainToolsException e) when (old is not null && e.ErrorId is ErrorIds.ResumeRefused or ErrorIds.CheckpointNotFound or ErrorIds.CheckpointInvalid or ErrorIds.RunInUse)
        {
            AtomicFile.WriteBytes(folder.ConfigPath, old!);
            throw;
        }
    }

    // A path is the shell's, a name or a step the run's.
    private string WantedCheckpoint()
    {
        if (Checkpoint is null)
        {
            return ResumePlan.Latest;
        }

        try
        {
            return PathHelper.ResolveNew(this, Checkpoint) is { } path && Directory.Exists(path) ? path : Checkpoint;
        }
        catch (TrainToolsException)
        {
            return Checkpoint;
        }
    }

    /// <summary>Adds the outcome of a run that has ended to the collected ones.</summary>
    private void Collect(FineTuneRun run)
    {
        if (OutcomePath is not null && run.State is not (RunState.Running or RunState.Created) && run.ReadOutcomes() is [.., var outcome])
        {
            outcome.Append(PathHelper.ResolveNew(this, OutcomePath));
        }
    }

    /// <summary>Adds what kept a run from beginning, or what it failed of.</summary>
    private void CollectFailure(RunFolder folder, TrainToolsException error)
    {
        if (OutcomePath is null)
        {
            return;
        }

        new RunOutcome
        {
            Time = DateTimeOffset.Now,
            Run = folder.Path,
            State = RunState.Failed,
            ExitCode = ExitCodes.For(error),
            CheckpointPath = RunCheckpoint.Find(folder) is [.., var newest] ? newest.Path : null,
            Reason = error.Message,
            ErrorId = error.ErrorId,
            Host = Environment.MachineName,
        }.Append(PathHelper.ResolveNew(this, OutcomePath));
    }
}
