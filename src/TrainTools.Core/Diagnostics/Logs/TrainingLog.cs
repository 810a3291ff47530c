using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>The log of a training run, this tool's or another's, in one form.</summary>
public sealed record TrainingLog
{
    /// <summary>File or folder it was read from.</summary>
    public required string Path { get; init; }

    /// <summary>What kind of log it is ("trainer_state.json", "TensorBoard events", …).</summary>
    public required string Format { get; init; }

    /// <summary>Logged steps, in order. A signal the log lacks is NaN, 0 or null, and <see cref="Facts"/> says so.</summary>
    public required IReadOnlyList<TrainingStep> Steps { get; init; }

    /// <summary>Logged evaluations, in order.</summary>
    public required IReadOnlyList<EvaluationResult> Evaluations { get; init; }

    /// <summary>What else the log tells of the run.</summary>
    public required RunFacts Facts { get; init; }

    /// <summary>Signals that the log lacks, each with what cannot be judged without it.</summary>
    public required IReadOnlyList<string> Lacks { get; init; }

    /// <summary>Damage met on the way: where, and how much could be read; empty where the log is whole.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Diagnoses the run as if it were training now.</summary>
    public IReadOnlyList<Diagnosis> Diagnose()
    {
        var engine = new DiagnosisEngine(Facts);
        var evaluations = new Queue<EvaluationResult>(Evaluations);
        while (evaluations.TryPeek(out var first) && (Steps.Count == 0 || first.Step < Steps[0].Step))
        {
            engine.Observe(evaluations.Dequeue());
        }

        foreach (var step in Steps)
        {
            engine.Observe(step);
            while (evaluations.TryPeek(out var next) && next.Step <= step.Step)
            {
                engine.Observe(evaluations.Dequeue());
            }
        }

        while (evaluations.TryDequeue(out var last))
        {
            engine.Observe(last);
        }

        engine.Complete();
        return engine.Diagnoses;
    }
}
