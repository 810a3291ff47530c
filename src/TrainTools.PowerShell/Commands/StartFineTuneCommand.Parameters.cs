using System.Management.Automation;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Commands;

/// <content>Its parameters.</content>
public sealed partial class StartFineTuneCommand
{
    /// <summary>The configuration of the run.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ConfigSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>YAML files with configurations, or with -Resume run folders; wildcards are allowed. Each is a run.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>YAML files or run folders, taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Settings to replace, as <c>name=value</c>.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.AssignmentCompleter))]
    public string[] Set { get; set; } = [];

    /// <summary>
    /// Continue the run in the output folder from its newest good checkpoint. Where there is no run yet, one begins; where it
    /// is complete, nothing is done: a scheduler may give the same command every night.
    /// </summary>
    [Parameter]
    public SwitchParameter Resume { get; set; }

    /// <summary>The checkpoint to continue from, in place of the newest: its folder, its name (step-000100) or its step. Implies -Resume.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.CheckpointCompleter))]
    public string? Checkpoint { get; set; }

    /// <summary>
    /// Diagnoses that end the run after the step at which they are raised, with a checkpoint: ids of symptoms, or a severity
    /// (Warning, Error) and whatever is worse.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(Completers.SymptomCompleter))]
    public string[] StopOn { get; set; } = [];

    /// <summary>
    /// Auto: the run treats itself. Where a diagnosis has a safe remedy it goes back to the last checkpoint before the trouble
    /// and goes on with the remedy, three times at most; remedies.jsonl says what was done.
    /// </summary>
    [Parameter]
    public RemedyMode Remedy { get; set; }

    /// <summary>Time after which the run stops, with a checkpoint: a time span, or seconds.</summary>
    [Parameter]
    [Transforms.Duration]
    public TimeSpan? MaxDuration { get; set; }

    /// <summary>Moment at which the run stops, with a checkpoint; a time of day alone is the next one.</summary>
    [Parameter]
    [Transforms.Moment]
    public DateTimeOffset? StopAt { get; set; }

    /// <summary>
    /// Give the run as soon as it trains, and leave it to itself: it goes on when this shell and its terminal are closed.
    /// Watch-FineTune follows it, Stop-FineTune stops it.
    /// </summary>
    [Parameter]
    public SwitchParameter Detach { get; set; }

    /// <summary>A file that gets one line of JSON for each run: how it ended, or why it did not begin.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutcomePath { get; set; }

    /// <summary>Replace the run that is in the output folder. With -Resume: continue although data, settings, tokenizer or base model have changed.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }
}

/// <summary>What a run does about its own diagnoses.</summary>
public enum RemedyMode
{
    /// <summary>It says what it would do.</summary>
    None,

    /// <summary>It applies what is safe.</summary>
    Auto,
}
