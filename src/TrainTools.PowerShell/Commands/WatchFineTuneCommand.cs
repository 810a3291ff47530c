using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Follows a run through its folder: of any shell, of a scheduler, of another machine, detached or over. Shows its progress,
/// warns of its diagnoses, and gives the run when it has ended. Ctrl+C ends the watching, not the run.
/// </summary>
[Cmdlet(VerbsCommon.Watch, "FineTune", DefaultParameterSetName = PathSet)]
[OutputType(typeof(FineTuneRun), typeof(TrainingStep))]
public sealed class WatchFineTuneCommand : PathCommandBase
{
    private const int ActivityId = 1;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(500);

    /// <summary>Give each logged step as it comes, those that are there already first, in place of the run at its end.</summary>
    [Parameter]
    public SwitchParameter AsStep { get; set; }

    /// <summary>Give what there is now and return.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Time after which to give the run as it is then; a time span, or seconds.</summary>
    [Parameter]
    [Transforms.Duration]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        var run = FineTuneRun.Open(path);
        var folder = new RunFolder(run.Path);
        var follower = new RunFollower(folder);
        var progress = new ProgressSink(this, ActivityId, $"Watching {run.Name}");
        var view = new EventView(this, progress);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            // The state first, then what is there: nothing that was written before the end is missed.
            for (var goesOn = true; goesOn;)
            {
                var info = RunInfo.TryLoad(folder);
                goesOn = info?.ActualState(folder) == RunState.Running && !NoWait && !(clock.Elapsed >= Timeout);
                if (info?.MaxSteps is { } steps)
                {
                    progress.Begin(new RunStarted { MaxSteps = steps });
                }

                Show(follower.Poll(), view);
                if (goesOn)
                {
                    Cancellation.WaitHandle.WaitOne(Poll);
                    Cancellation.ThrowIfCancellationRequested();
                }
            }
        }
        finally
        {
            progress.Complete();
        }

        if (RunInfo.TryLoad(folder)?.State is not RunState.Running)
        {
            RunLock.WaitUntilFree(folder, Cancellation);
        }

        run = FineTuneRun.Open(path);
        if (run.Error is { } error)
        {
            WriteWarning($"The run {run.Name} failed: {error.Message}{(error.Remedy is null ? "" : " " + error.Remedy)}");
        }

        if (!AsStep)
        {
            WriteObject(run);
        }
    }

    private void Show(IReadOnlyList<TrainerEvent> news, EventView view)
    {
        foreach (var item in news)
        {
            Cancellation.ThrowIfCancellationRequested();
            view.Show(item);
            if (AsStep && item is TrainingStep)
            {
                WriteObject(item);
            }
        }
    }
}
