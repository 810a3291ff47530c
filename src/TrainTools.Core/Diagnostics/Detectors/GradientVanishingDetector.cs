using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The gradient has all but gone while the loss has not.</summary>
public sealed class GradientVanishingDetector : IDetector
{
    /// <summary>Norm that counts as nothing.</summary>
    public const double Nothing = 1e-7;

    /// <summary>Share of the norm at the start that counts as nothing.</summary>
    public const double Share = 1e-3;

    /// <summary>Points in a row.</summary>
    public const int Points = 10;

    private double reference = double.NaN;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.GradientVanishing;

    /// <inheritdoc/>
    public void Reset() => (reference, open) = (double.NaN, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var norms = history.GradNorms;
        if (!history.Facts.HasGradNorm || norms.Length < Points)
        {
            return null;
        }

        if (double.IsNaN(reference) && norms.Length >= 20)
        {
            reference = RobustStatistics.Median(norms[..20]);
        }

        var limit = Math.Max(Nothing, double.IsNaN(reference) ? 0 : Share * reference);
        if (!(norms[^1] < limit))
        {
            if (!open)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"At step {history.LastStep} the norm is {Figure.Of(norms[^1])} again.");
        }

        var now = RobustStatistics.Median(norms[^Points..]);
        var loss = history.MedianLoss(Points, history.Count);
        if (open || !(now < limit) || !(loss > 0.5 * history.StartLoss))
        {
            return null;
        }

        open = true;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = history.Steps[^Points],
            Summary = $"The gradient norm is {Figure.Of(now)}{(double.IsNaN(reference) ? string.Empty : $" ({Figure.Of(reference)} at the start)")}, while the loss is still {Figure.Of(loss)}: nothing is learnt any more.",
            Evidence = [new("grad_norm", now, limit, history.Steps[^Points], history.LastStep, $"Median gradient norm of the last {Points} points: {Figure.Of(now)} (limit {Figure.Of(limit)})")],
        };
    }
}
