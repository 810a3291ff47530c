using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Asks runs to stop after the step they are at: each writes a checkpoint and ends as Stopped. The request is a file in the
/// run folder, so it reaches a run of any shell, also on another machine that shares the folder.
/// </summary>
[Cmdlet(VerbsLifecycle.Stop, "FineTune", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(FineTuneRun))]
public sealed class StopFineTuneCommand : PathCommandBase
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);

    /// <summary>Wait until the run has ended.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Give the run to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessPath(string path)
    {
        var run = FineTuneRun.Open(path);
        if (run.State != RunState.Running)
        {
            WriteWarning($"The run {run.Name} is not running (it is {run.State}); there is nothing to stop.");
        }
        else if (ShouldProcess(run.Path, "Stop the run after its current step"))
        {
            RunControl.RequestStop(new RunFolder(run.Path));
            if (Wait)
            {
                WaitForEnd(path);
            }
        }

        if (PassThru)
        {
            WriteObject(FineTuneRun.Open(path));
        }
    }

    private void WaitForEnd(string path)
    {
        while (FineTuneRun.Open(path).State == RunState.Running)
        {
            Cancellation.WaitHandle.WaitOne(Poll);
            Cancellation.ThrowIfCancellationRequested();
        }

        RunLock.WaitUntilFree(new RunFolder(path), Cancellation);
    }
}
