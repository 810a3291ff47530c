using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Diagnosis;

/// <summary>What a trial is: which setting, what was done to it.</summary>
/// <param name="Setting">Setting, its learning rate known.</param>
/// <param name="Kind">"healthy", "fault" or "remedy".</param>
/// <param name="What">Name of the variant or fault.</param>
/// <param name="Severity">1 to 3; 0 for healthy ones.</param>
/// <param name="Seed">Seed.</param>
internal sealed record TrialSpec(Setting Setting, string Kind, string What, int Severity, long Seed)
{
    public override string ToString() => FormattableString.Invariant($"{Setting.Name} {Kind} {What}{(Severity > 0 ? $" {Severity}" : "")} seed {Seed}");
}

/// <summary>A trial as it went.</summary>
internal sealed record TrialLog
{
    public required TrialSpec Spec { get; init; }

    /// <summary>1-based step from which on the fault was there.</summary>
    public int Onset { get; init; } = 1;

    /// <summary>config.yaml.</summary>
    public required string Config { get; init; }

    public required RunFacts Facts { get; init; }

    public required IReadOnlyList<TrainingStep> Steps { get; init; }

    public required IReadOnlyList<EvaluationResult> Evaluations { get; init; }

    /// <summary>Records of each step, which the event itself does not write.</summary>
    public required IReadOnlyList<long[]> Records { get; init; }

    /// <summary>Loss on the test rows after the run: the truth.</summary>
    public required double TestLoss { get; init; }

    /// <summary>Loss on the test rows of the best evaluation.</summary>
    public double BestTestLoss { get; init; }

    public string? BrokenInvariant { get; init; }

    /// <summary>Seconds of the steps and evaluations, and of the diagnosis beside them.</summary>
    public double TrainSeconds { get; init; }

    public double DiagnosisSeconds { get; init; }

    /// <summary>What running it again with the remedy brought; null = not tried.</summary>
    public RemedyOutcome? Remedy { get; init; }
}

/// <summary>What came of following the first remedy of the first cause that a run's user reads.</summary>
/// <param name="What">The remedy.</param>
/// <param name="BySettings">The remedy was a change of settings; false = by hand (data, wiring).</param>
/// <param name="TestLoss">Loss on the test rows then.</param>
/// <param name="BrokenInvariant">What is broken then still; null = nothing.</param>
internal sealed record RemedyOutcome(string What, bool BySettings, double TestLoss, string? BrokenInvariant)
{
    /// <summary>The result is better by more than a seed deviation, or the broken invariant holds again.</summary>
    public bool Improves(TrialLog log, Band band) => (log.BrokenInvariant is not null && BrokenInvariant is null)
        || TestLoss < log.TestLoss - band.Deviation || (double.IsFinite(TestLoss) && !double.IsFinite(log.TestLoss));

    /// <summary>It is within three deviations of the reference.</summary>
    public bool Recovers(Band band) => TestLoss <= band.Limit;
}
