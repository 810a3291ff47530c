using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The loss has not gone down since the start. Said only once the curve excludes a fall worth having: a noisy curve that
/// may yet be falling gets more time.
/// </summary>
public sealed class LossNotDecreasingDetector : IDetector
{
    /// <summary>The fall (relative) that must be excluded.</summary>
    public const double LeastFall = 0.05;

    /// <summary>Points a median is taken over.</summary>
    public const int Group = 8;

    /// <summary>Medians needed.</summary>
    public const int LeastGroups = 8;

    /// <summary>Points past the end of warm-up needed.</summary>
    public const int PastWarmup = 40;

    /// <summary>Share of the run needed: a long run may fall slowly.</summary>
    public const double LeastShare = 0.03;

    private const double MedianError = 1.2533; // standard error of a median over that of a mean

    private bool open;
    private int nextCheck = Group * LeastGroups;

    /// <inheritdoc/>
    public string Symptom => Symptoms.LossNotDecreasing;

    /// <inheritdoc/>
    public void Reset() => (open, nextCheck) = (false, Group * LeastGroups);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Count < nextCheck || history.LastStep - history.FirstStep < LeastShare * history.Facts.MaxSteps)
        {
            return null;
        }

        nextCheck = history.Count + Math.Max(Group, history.Count / 8);
        return Check(history);
    }

    /// <inheritdoc/>
    public Sighting? OnEnd(RunHistory history) => open || history.Count < 20 ? null : Check(history);

    private Sighting? Check(RunHistory history)
    {
        var pastWarmup = history.Count - history.IndexOf(history.WarmupEnd);
        if (pastWarmup < Math.Min(PastWarmup, history.Count / 2))
        {
            return null;
        }

        var (fall, error, trend, deepest) = Fall(history.LogLosses);
        var margin = Margin(history.Count) * error;
        var better = EvaluationGain(history);
        if (open)
        {
            if (fall > LeastFall && trend < -2)
            {
                open = false;
                return Sighting.Ended($"By step {history.LastStep} the loss had fallen by {Figure.Percent(fall)}.");
            }

            return null;
        }

        if (deepest > Math.Max(2 * LeastFall, 4 * error / Math.Sqrt(12)) || fall + margin > LeastFall || trend < -2 || better > 0.01)
        {
            return null;
        }

        open = true;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = history.FirstStep,
            Summary = $"In {history.LastStep - history.FirstStep + 1} steps the loss has not fallen: {Figure.Of(history.StartLoss)} at the start, {Figure.Of(history.MedianLoss(2 * Group, history.Count))} now.",
            Evidence =
            [
                new("loss_fall", fall, LeastFall, history.FirstStep, history.LastStep, $"Fall of the fitted line over all {history.Count} points: {Figure.Percent(fall)} ± {Figure.Percent(margin)} (expected: more than {Figure.Percent(LeastFall)})"),
                new("loss_trend", trend, -2, history.FirstStep, history.LastStep, $"Mann-Kendall trend of the medians: {Figure.Of(trend)} (falling: below -2)"),
            ],
        };
    }

    /// <summary>Relative fall over all points by a robust line through medians, its standard error, the trend's deviate, and how far below the first median a tenth of them lies.</summary>
    private static (double Fall, double Error, double Trend, double Deepest) Fall(ReadOnlySpan<double> y)
    {
        // At most 60 medians: the pairs of a Theil-Sen line grow with the square.
        var size = Math.Max(Math.Min(Group, Math.Max(1, y.Length / LeastGroups)), (y.Length + 59) / 60);
        var count = y.Length / size;
        Span<double> medians = stackalloc double[count];
        Span<double> x = stackalloc double[count];
        for (var i = 0; i < count; i++)
        {
            medians[i] = RobustStatistics.Median(y[(i * size)..((i + 1) * size)]);
            x[i] = i;
        }

        var slope = RobustStatistics.TheilSenSlope(x, medians);
        Span<double> residuals = stackalloc double[count];
        for (var i = 0; i < count; i++)
        {
            residuals[i] = medians[i] - (slope * i);
        }

        // A few medians may lie on a line by chance: no less than what the points themselves differ by from one to the next.
        var scale = Math.Max(RobustStatistics.Mad(residuals, RobustStatistics.Median(residuals)), MedianError * RobustStatistics.DifferenceScale(y) / Math.Sqrt(size));
        var error = scale * Math.Sqrt(12.0 / count);
        var deepest = medians[0] - RobustStatistics.Quantile(medians.ToArray(), 0.1);
        return (-slope * (count - 1), error, RobustStatistics.MannKendall(medians), deepest);
    }

    // The 95 % point of Student's t for a line through so many medians; 1.645 for many.
    private static double Margin(int points) => 1.645 * (1 + (1.0 / Math.Max(1, (points / Group) - 2)));

    private static double EvaluationGain(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        return losses.Count < 2 ? 0 : 1 - (losses.Skip(1).Min(e => e.Loss) / losses[0].Loss);
    }
}
