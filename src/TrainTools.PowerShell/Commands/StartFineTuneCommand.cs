using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Fine-tunes: starts a trainer on a run folder, shows how it goes, waits for its end and gives the run. Ctrl+C stops the
/// trainer after the step it is at, with a checkpoint, and waits for that.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "FineTune", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FineTuneRun))]
public sealed class StartFineTuneCommand : CommandBase
{
    private const string ConfigSet = "Config";
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const int ActivityId = 1;

    private volatile RunMonitor? monitor;
    private StopRule? stopRule;

    /// <summary>The configuration of the run.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ConfigSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>YAML files with configurations; wildcards are allowed. Each is a run.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>YAML files, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Settings to replace, as <c>name=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.AssignmentCompleter))]
    public string[] Set { get; set; } = [];

    /// <summary>
    /// Diagnoses that end the run after the step at which they are raised, with a checkpoint: ids of symptoms, or a severity
    /// (Warning, Error) and whatever is worse.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.SymptomCompleter))]
    public string[] StopOn { get; set; } = [];

    /// <summary>Replace the run that is in the output folder.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void Begin() => stopRule = StopOn.Length == 0 ? null : StopRule.Parse(StopOn);

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
                Run(ConfigYaml.Read(path));
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

    private void Run(TrainingConfig given)
    {
        var config = ConfigYaml.Override(given, Set);
        var folder = new RunFolder(config.OutputDir ?? RunPreparation.ChooseFolder(PathHelper.Location(this), config, DateTimeOffset.Now));
        var facts = ConfigFacts.Gather(config);
        var findings = ConfigChecker.Check(config, new ConfigCheckOptions { Facts = facts });
        ConfigGate.ThrowIfUnusable(findings);
        RunPreparation.EnsureFree(folder, Force);
        ConfigGate.WriteWarnings(this, findings, except: ConfigGate.OutputFolderRule);

        var model = System.IO.Path.GetFileName(System.IO.Path.TrimEndingDirectorySeparator(config.Model.ModelNameOrPath!));
        if (!ShouldProcess(folder.Path, $"Fine-tune {model} on {config.Data.DatasetPath.Count} file(s)"))
        {
            return;
        }

        var resolved = ConfigResolver.Resolve(config, facts);
        ConfigReport.WriteDerived(this, resolved);
        RunPreparation.Create(folder, resolved);
        WriteVerbose($"The run folder is {folder.Path}.");
        Watch(folder, $"Fine-tuning {model}");
        WriteResult(FineTuneRun.Open(folder.Path));
    }

    private void Watch(RunFolder folder, string activity)
    {
        var progress = new ProgressSink(this, ActivityId, activity);
        using var trainer = TrainerProcess.StartRun(TrainerLocator.Find(), folder);
        monitor = new RunMonitor(this, trainer, progress, stopRule);
        try
        {
            if (Cancellation.IsCancellationRequested)
            {
                monitor.RequestStop();
            }

            progress.Announce("starting the trainer");
            monitor.Follow();
        }
        finally
        {
            monitor = null;
            progress.Complete();
        }
    }

    private void WriteResult(FineTuneRun run)
    {
        if (Stopping)
        {
            // Nothing can be written to a pipeline that is being stopped; the person at the keyboard is told all the same.
            var last = run.Checkpoints.Count > 0 ? $" Its last checkpoint is {run.Checkpoints[^1].Path}." : string.Empty;
            Host.UI.WriteWarningLine($"The run {run.Name} is {run.State} after step {run.Steps}.{last} Get-FineTuneRun '{run.Path}' shows it.");
            return;
        }

        WriteObject(run);
    }
}
