using System.Globalization;
using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell;

/// <summary>
/// Shows a run as a progress record: step, loss, learning rate, tokens per second and the time that is left. At most five
/// records a second, however fast the steps are; a last one that says completed is written by <see cref="Complete"/>.
/// </summary>
internal sealed class ProgressSink(Cmdlet command, int activityId, string activity)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider time = TimeProvider.System;
    private long shownAt;
    private bool isShown;
    private int maxSteps;
    private double seconds;
    private double tokens;
    private double steps;

    /// <summary>Says what is being done before the first step, when nothing can be counted yet.</summary>
    public void Announce(string status) => Show(new ProgressRecord(activityId, activity, status));

    /// <summary>Takes the size of the run.</summary>
    public void Begin(RunStarted started) => maxSteps = started.MaxSteps;

    /// <summary>Takes a step; shows it if the last record is old enough or this is the last step.</summary>
    public void Report(TrainingStep step)
    {
        // Recent steps count for more: the first ones are slow (memory is claimed, code is compiled).
        const double Keep = 0.9;
        seconds = (seconds * Keep) + step.StepSeconds;
        tokens = (tokens * Keep) + step.NumInputTokens;
        steps = (steps * Keep) + 1;
        var isLast = step.Step == maxSteps;
        if (isShown && !isLast && time.GetElapsedTime(shownAt) < Interval)
        {
            return;
        }

        var left = (maxSteps - step.Step) * seconds / steps;
        Show(new ProgressRecord(activityId, activity, Describe(step))
        {
            PercentComplete = maxSteps > 0 ? Math.Clamp((int)(100L * step.Step / maxSteps), 0, 100) : -1,
            SecondsRemaining = maxSteps > 0 && double.IsFinite(left) ? (int)Math.Min(left, int.MaxValue) : -1,
        });
    }

    /// <summary>Takes the record off the screen. A host does so by itself when its pipeline is stopped, and takes no more records then.</summary>
    public void Complete()
    {
        if (isShown && !command.Stopping)
        {
            isShown = false;
            command.WriteProgress(new ProgressRecord(activityId, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
    }

    private string Describe(TrainingStep step)
    {
        var of = maxSteps > 0 ? string.Create(CultureInfo.InvariantCulture, $"/{maxSteps}") : string.Empty;
        var speed = seconds > 0 ? tokens / seconds : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"step {step.Step}{of}  loss {step.Loss:F4}  lr {step.LearningRate:0.00e-0}  {speed:N0} tokens/s");
    }

    private void Show(ProgressRecord record)
    {
        isShown = true;
        shownAt = time.GetTimestamp();
        command.WriteProgress(record);
    }
}
