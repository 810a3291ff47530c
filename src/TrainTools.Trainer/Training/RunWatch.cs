using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Training;

/// <summary>Diagnoses a run while it trains: what the engine says goes to the events and into diagnoses.jsonl.</summary>
internal sealed class RunWatch(RunFacts facts, RunFolder folder, IEventSink events)
{
    private readonly DiagnosisEngine engine = new(facts);

    /// <summary>Diagnoses so far.</summary>
    public IReadOnlyList<Diagnosis> Diagnoses => engine.Diagnoses;

    /// <summary>A run that goes on: takes what it had logged, without saying again what was said then.</summary>
    public void Replay(RunMetrics metrics)
    {
        var evaluations = new Queue<EvaluationResult>(metrics.Evaluations);
        foreach (var step in metrics.Steps)
        {
            engine.Observe(step);
            while (evaluations.TryPeek(out var next) && next.Step <= step.Step)
            {
                engine.Observe(evaluations.Dequeue());
            }
        }
    }

    /// <summary>Takes a step.</summary>
    public void Observe(TrainingStep step) => Tell(engine.Observe(step));

    /// <summary>Takes an evaluation.</summary>
    public void Observe(EvaluationResult evaluation) => Tell(engine.Observe(evaluation));

    /// <summary>Takes it that memory ran out.</summary>
    public void Observe(MemoryShortage shortage) => Tell(engine.Observe(shortage));

    /// <summary>The run has ended.</summary>
    public void Complete() => Tell(engine.Complete());

    private void Tell(IReadOnlyList<DiagnosisUpdate> updates)
    {
        foreach (var update in updates)
        {
            DiagnosisLog.Append(folder.DiagnosesPath, update);
            events.Send(new DiagnosisRaised { Change = update.Change, Diagnosis = update.Diagnosis });
        }
    }
}
