using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis;

/// <summary>Whether a trial was what it was meant to be, by its effect.</summary>
internal enum Truth
{
    /// <summary>Nothing was done to it that shows.</summary>
    Healthy,

    /// <summary>A fault that worsened the result by more than three seed deviations, or broke an invariant.</summary>
    Effective,

    /// <summary>A fault that did neither: not counted in the main table.</summary>
    Latent,

    /// <summary>A variant meant to be healthy that overfitted or did not learn: not counted.</summary>
    NotHealthyAfterAll,
}

/// <summary>Final losses of the reference runs of a setting.</summary>
internal sealed record Band(double Mean, double Deviation, double Untrained)
{
    public double Limit => Mean + (3 * Deviation);

    public static Band Of(IReadOnlyList<TrialLog> references)
    {
        var losses = references.Select(r => r.TestLoss).ToArray();
        var mean = losses.Average();
        var deviation = Math.Sqrt(losses.Sum(l => (l - mean) * (l - mean)) / Math.Max(1, losses.Length - 1));

        // A few seeds can agree by chance; half a per cent is never more than noise.
        return new Band(mean, Math.Max(deviation, 0.005 * mean), references.Average(r => r.Steps.Take(3).Average(s => s.Loss)));
    }
}

/// <summary>A trial, the truth about it and what was said of it.</summary>
internal sealed record Judgement(TrialLog Log, Band Band, Truth Truth, IReadOnlyList<Core.Diagnostics.Diagnosis> Diagnoses, IReadOnlyList<string> RightCauses)
{
    /// <summary>What a user would be warned of, in the order it is shown: severe first, then by the order of looking.</summary>
    public IReadOnlyList<Core.Diagnostics.Diagnosis> Warnings { get; } =
        [.. Diagnoses.Where(d => d.IsRoot && d.Severity >= FindingSeverity.Warning && d.RaisedAtStep >= Math.Min(Log.Onset, Log.Steps.Count)).OrderByDescending(d => d.Severity).ThenBy(d => d.FirstStep)];

    /// <summary>Causes in the order a user reads them: the first of each diagnosis, then the second of each, …</summary>
    public IReadOnlyList<string> Causes => [.. Enumerable.Range(0, 4).SelectMany(rank => Warnings.Where(w => w.Causes.Count > rank).Select(w => w.Causes[rank].Id)).Distinct()];

    /// <summary>1-based rank of the right cause; null where it is not named.</summary>
    public int? CauseRank => Causes.Select((c, i) => (c, i)).Where(c => RightCauses.Contains(c.c)).Select(c => (int?)c.i + 1).FirstOrDefault();

    /// <summary>Whether the remedy made it better; null = not tried.</summary>
    public bool? Improved => Log.Remedy?.Improves(Log, Band);

    /// <summary>Steps from the fault's beginning to the first warning.</summary>
    public int? Delay => Warnings.Count == 0 ? null : Warnings.Min(w => w.RaisedAtStep) - Log.Onset;

    public static Judgement Of(TrialLog log, Band band)
    {
        var diagnoses = LogStore.Diagnose(log);
        if (log.Spec.Kind == "healthy")
        {
            return new Judgement(log, band, IsHealthy(log, band) ? Truth.Healthy : Truth.NotHealthyAfterAll, diagnoses, []);
        }

        var fault = Fault.All.First(f => f.Name == log.Spec.What);
        var effective = log.BrokenInvariant is not null || !(log.TestLoss <= band.Limit);
        return new Judgement(log, band, effective ? Truth.Effective : Truth.Latent, diagnoses, fault.Causes);
    }

    // It learnt, and did not lose again what it had learnt.
    private static bool IsHealthy(TrialLog log, Band band)
    {
        var losses = log.Evaluations.Select(e => e.Metrics["eval_loss"]).ToList();
        return log.TestLoss < Math.Max(band.Limit, band.Untrained) && losses[^1] <= losses.Min() * 1.05 + 0.02;
    }
}
