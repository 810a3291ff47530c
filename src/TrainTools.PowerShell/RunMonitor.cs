using System.Runtime.ExceptionServices;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell;

/// <summary>
/// Turns a trainer's events into the cmdlet's streams until the trainer has ended. Everything is written on the thread of
/// the pipeline; only <see cref="RequestStop"/> is called from another. Once the pipeline is being stopped nothing can be
/// written any more: the events are still read to their end, because the trainer is writing its checkpoint.
/// </summary>
internal sealed class RunMonitor(CommandBase command, TrainerProcess trainer, ProgressSink progress)
{
    private readonly EventView view = new(command, progress);

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
                view.Show(item);
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

    /// <summary>Follows a run that is to go on alone, until it trains (or has ended already); then lets go of it.</summary>
    /// <exception cref="Core.Errors.TrainToolsException">It failed before its first step.</exception>
    public void FollowStart(CancellationToken cancellation)
    {
        while (trainer.Read(cancellation) is { } item)
        {
            view.Show(item);
            if (item is RunStarted)
            {
                break;
            }
        }

        trainer.LetGo();
    }
}
