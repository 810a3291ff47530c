using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The gradient norm leaves the range it had. A jump is worth knowing; a level far above the earlier one that stays is a
/// warning.
/// </summary>
public sealed class GradientExplosionDetector : IDetector
{
    /// <summary>Points of the window.</summary>
    public const int Window = 64;

    /// <summary>Height of a jump in standard deviations of ln(norm).</summary>
    public const double Deviations = 6;

    /// <summary>Least height of a jump: a factor of three.</summary>
    public const double LeastJump = 1.1;

    /// <summary>Factor above the earlier level that is a warning where it stays.</summary>
    public const double LevelFactor = 10;

    private double reference = double.NaN;
    private bool open;
    private bool warned;
    private int from;

    /// <inheritdoc/>
    public string Symptom => Symptoms.GradientExplosion;

    /// <inheritdoc/>
    public void Reset() => (reference, open, warned) = (double.NaN, false, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var g = history.LogGradNorms;
        if (!history.Facts.HasGradNorm || g.Length < 40 || double.IsNaN(g[^1]))
        {
            return null;
        }

        // The level the run had once it was under way; frozen, so that a slow rise is seen.
        if (double.IsNaN(reference))
        {
            reference = RobustStatistics.Median(g[..40]);
        }

        var level = g.Length % 10 == 0 || open ? RobustStatistics.Median(g[^20..]) : double.NaN;
        if (open)
        {
            if (!warned && level > reference + Math.Log(LevelFactor) && history.LastStep > from)
            {
                return Warn(history, level);
            }

            // The median of twenty points needs ten of them to see a jump at all.
            if (level > reference + (warned ? Math.Log(LevelFactor / 2) : LeastJump) || history.Count - history.IndexOf(from) < 20)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} the norm was {Figure.Of(Math.Exp(level))}.");
        }

        if (level > reference + Math.Log(LevelFactor))
        {
            return Warn(history, level);
        }

        var before = g[Math.Max(0, g.Length - 3 - Window)..^3];
        var high = Math.Max(g[^1], Math.Max(g[^2], g[^3]));
        if (g[^1] < reference + LeastJump && high < reference + LeastJump)
        {
            return null;
        }

        var middle = RobustStatistics.Median(before);
        var limit = middle + Math.Max(LeastJump, Deviations * RobustStatistics.Mad(before, middle));
        if ((g[^1] > limit ? 1 : 0) + (g[^2] > limit ? 1 : 0) + (g[^3] > limit ? 1 : 0) < 2)
        {
            return null;
        }

        (open, warned, from) = (true, false, history.Steps[^3]);
        return Describe(history, FindingSeverity.Info, Math.Exp(high), Math.Exp(limit), $"The gradient norm jumped from {Figure.Of(Math.Exp(middle))} to {Figure.Of(Math.Exp(high))}.");
    }

    private Sighting Warn(RunHistory history, double level)
    {
        from = open ? from : history.Steps[^20];
        (open, warned) = (true, true);
        return Describe(
            history, FindingSeverity.Warning, Math.Exp(level), Math.Exp(reference) * LevelFactor,
            $"The gradient norm was {Figure.Of(Math.Exp(reference))} at first and is {Figure.Of(Math.Exp(level))} now (medians).");
    }

    private Sighting Describe(RunHistory history, FindingSeverity severity, double value, double limit, string summary) => new()
    {
        Severity = severity,
        FirstStep = from,
        Summary = summary,
        Evidence = [new("grad_norm", value, limit, from, history.LastStep, $"Gradient norm before clipping: {Figure.Of(value)} (limit {Figure.Of(limit)})")],
        Records = [.. Enumerable.Range(0, Math.Min(3, history.RecentCount)).SelectMany(b => history.Recent(b).Records ?? []).Distinct().Order()],
    };
}
