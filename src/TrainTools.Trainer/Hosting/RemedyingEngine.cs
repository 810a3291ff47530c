using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// A run that treats itself (remedy: auto): where a diagnosis has a safe remedy the training is stopped, goes back to the
/// last checkpoint before the trouble and continues with the remedy, which is written into config.yaml and remedies.jsonl.
/// </summary>
/// <param name="inner">The training.</param>
public sealed class RemedyingEngine(ITrainingEngine inner) : ITrainingEngine
{
    /// <inheritdoc/>
    public RunResult Run(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        while (true)
        {
            using var stop = StopSignal.Linked(context.Stop);
            var watch = new RemedyWatch(context.Events, stop, RemedyLog.Read(context.Folder).Count < AutoRemedy.Most);
            var attempt = context.With(watch, stop);
            var result = inner.Run(attempt);
            context.Info = attempt.Info;
            if (result.State != RunState.Stopped || watch.Treatable is not { } diagnosis || context.Stop.IsRequested)
            {
                return result;
            }

            var checkpoints = RunCheckpoint.Find(context.Folder);
            if (AutoRemedy.Choose(diagnosis, context.Config, checkpoints, result.Steps, watch.MaxSteps) is not { } remedy)
            {
                return result;
            }

            Apply(context, remedy, checkpoints);
            context.Events.Send(new LogMessage { Level = "warning", Message = remedy.Describe() });
        }
    }

    // First the log: a run that is cut off between the two knows what it was about to do.
    private static void Apply(RunContext context, AppliedRemedy remedy, IReadOnlyList<RunCheckpoint> checkpoints)
    {
        RemedyLog.Append(context.Folder, remedy);
        context.Config = AutoRemedy.Apply(context.Config, remedy);
        AtomicFile.WriteText(context.Folder.ConfigPath, ConfigYaml.Write(context.Config));
        context.Describe(i => i with { Hashes = RunHashes.Of(context.Folder, context.Config) });

        // What lies behind the checkpoint is kept, out of the way, until this way has come as far.
        foreach (var told in new ResumePlan(checkpoints.FirstOrDefault(c => c.Step == remedy.BackToStep), [], [], []).SetAside(context.Folder))
        {
            context.Events.Send(new LogMessage { Level = "information", Message = told });
        }

        context.ResumeFrom = remedy.BackToStep > 0 ? context.Folder.CheckpointPath(remedy.BackToStep) : null;
    }
}

/// <summary>Passes a run's events on and asks for a stop at the first diagnosis that can be treated.</summary>
internal sealed class RemedyWatch(IEventSink events, StopSignal stop, bool active) : IEventSink
{
    /// <summary>The diagnosis; null while there is none.</summary>
    public Core.Diagnostics.Diagnosis? Treatable { get; private set; }

    /// <summary>Steps of the whole run.</summary>
    public int MaxSteps { get; private set; }

    public void Send(TrainerEvent item)
    {
        events.Send(item);
        switch (item)
        {
            case RunStarted started:
                MaxSteps = started.MaxSteps;
                break;
            case DiagnosisRaised raised when active && Treatable is null && raised.Change != Core.Diagnostics.DiagnosisChange.Closed && AutoRemedy.IsTreatable(raised.Diagnosis):
                Treatable = raised.Diagnosis;
                stop.Request($"{raised.Diagnosis.Symptom} is to be treated");
                break;
        }
    }
}
