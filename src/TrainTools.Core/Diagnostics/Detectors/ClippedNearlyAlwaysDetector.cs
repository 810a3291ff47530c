using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Nearly every gradient is scaled down: the limit, and not the gradient, decides how far a step goes. Far beyond the limit
/// it is a warning.
/// </summary>
public sealed class ClippedNearlyAlwaysDetector : IDetector
{
    /// <summary>Points looked back over.</summary>
    public const int Window = 100;

    /// <summary>Share of clipped points.</summary>
    public const double Share = 0.95;

    /// <summary>Median norm over the limit from which it is a warning.</summary>
    public const double WarningFactor = 100;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.ClippedNearlyAlways;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Facts.MaxGradNorm is not > 0 || !history.Facts.HasGradNorm || history.Count % 20 != 0 || history.LastStep < history.WarmupEnd)
        {
            return null;
        }

        var points = Math.Min(Window, history.Count);
        if (points < 40)
        {
            return null;
        }

        var limit = history.Facts.MaxGradNorm.Value;
        var norms = history.GradNorms[^points..];
        var clipped = 0;
        foreach (var norm in norms)
        {
            clipped += norm > limit ? 1 : 0;
        }

        var share = (double)clipped / points;
        if (open)
        {
            if (share > Share / 2)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"Of the last {points} points {Figure.Percent(share)} were clipped.");
        }

        var median = RobustStatistics.Median(norms);
        if (share < Share || median < 3 * limit)
        {
            return null;
        }

        open = true;
        var from = history.Steps[^points];
        return new Sighting
        {
            Severity = median > WarningFactor * limit ? FindingSeverity.Warning : FindingSeverity.Info,
            FirstStep = from,
            Summary = $"{Figure.Percent(share)} of the last {points} gradients were clipped; their median norm is {Figure.Of(median)}, the limit {Figure.Of(limit)}.",
            Evidence = [new("clipped_share", share, Share, from, history.LastStep, $"Clipped: {Figure.Percent(share)} of {points} points (limit {Figure.Percent(Share)}); median norm {Figure.Times(median / limit)} the limit")],
        };
    }
}
