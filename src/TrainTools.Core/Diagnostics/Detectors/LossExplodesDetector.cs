using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The loss rises and stays up. A one-sided cumulative sum (CUSUM) against a frozen reference, the best stretch so far:
/// a reference that moves with the curve follows a slow divergence and never sees it.
/// </summary>
public sealed class LossExplodesDetector : IDetector
{
    /// <summary>What each point's deviation must exceed to count, in standard deviations.</summary>
    public const double Slack = 0.75;

    /// <summary>Largest deviation one point may bring: a single spike is not a divergence.</summary>
    public const double Cap = 4;

    /// <summary>The sum that raises the alarm.</summary>
    public const double Limit = 12;

    /// <summary>Least rise in ln(loss) of the median that is worth a warning.</summary>
    public const double LeastRise = 0.15;

    /// <summary>Least rise of the median as a share of the loss at the start.</summary>
    public const double LeastShare = 0.05;

    /// <summary>
    /// Least rise of the median in standard errors of a mean. It is as high as this because the reference is the lowest of
    /// many stretches, so that an ordinary one lies above it.
    /// </summary>
    public const double RiseErrors = 5;

    /// <summary>Rise in ln(loss) from which it is an error: the loss is half as high again as it was.</summary>
    public const double ErrorRise = 0.405;

    /// <summary>Points in a row above the start that are a rise before there is a stretch to compare with.</summary>
    public const int EarlyPoints = 3;

    /// <summary>Held-out loss over its best up to which held-out rows have not risen.</summary>
    public const double CalmShare = 1.03;

    private double reference = double.NaN;
    private double scale = double.NaN;
    private double sum;
    private int zeroAt;
    private int raisedAt;
    private bool open;
    private FindingSeverity severity;

    /// <inheritdoc/>
    public string Symptom => Symptoms.LossExplodes;

    /// <inheritdoc/>
    public void Reset()
    {
        (reference, scale) = (double.NaN, double.NaN);
        (sum, zeroAt, open, severity) = (0, 0, false, default);
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var y = history.LogLosses;
        if (double.IsNaN(y[^1]))
        {
            return null;
        }

        if (y.Length % Math.Max(2, history.Block / 2) == 0 && y.Length >= history.Block)
        {
            UpdateReference(history.LastStep, y[^Math.Min(y.Length, 2 * history.Block)..], RobustStatistics.DifferenceScale(y[^Math.Min(y.Length, 4 * history.Block)..]));
        }

        if (double.IsNaN(reference))
        {
            return EarlyRise(history);
        }

        var z = Math.Min(Cap, (y[^1] - reference) / scale);
        sum = Math.Max(0, sum + z - Slack);
        if (sum == 0)
        {
            zeroAt = history.LastStep;
        }

        var recent = history.Block;
        var rise = RobustStatistics.Median(y[^Math.Min(y.Length, recent)..]) - reference;
        if (open)
        {
            // It is over when the last points and a longer stretch are both down: one good stretch on the way up ends nothing.
            var longer = RobustStatistics.Median(y[^Math.Min(y.Length, Math.Min(4 * recent, y.Length - raisedAt + 1))..]) - reference;
            if (Math.Max(rise, longer) < Math.Max(LeastRise / 2, 2 * scale / Math.Sqrt(recent)))
            {
                (open, sum, severity) = (false, 0, default);
                return Sighting.Ended($"By step {history.LastStep} the loss was back at {Figure.Of(history.MedianLoss(recent, history.Count))}.");
            }

            return Grade(history, rise) > severity || history.Count % (5 * history.Block) == 0 ? Raise(history, rise, recent) : null;
        }

        // Next to zero a factor is nothing: the rise must be worth something beside the loss that the run began with.
        var now = history.MedianLoss(recent, history.Count);
        var best = Math.Exp(reference) - (0.02 * history.StartLoss);
        if (sum <= Limit || now - best < LeastShare * history.StartLoss || rise < Math.Max(LeastRise, RiseErrors * scale / Math.Sqrt(recent)))
        {
            return null;
        }

        return IsExpected(history) || HeldOutIsCalm(history) ? null : Raise(history, rise, recent);
    }

    // Held-out rows that were measured lately, since the rise began, and have not risen: it is the rows of these steps, not
    // the model. It holds for two blocks after the evaluation, so that an explosion is not missed for want of a next one.
    private bool HeldOutIsCalm(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        return losses.Count >= 2 && losses[^1].Step > zeroAt && history.Count - history.IndexOf(losses[^1].Step) <= 2 * history.Block
            && losses[^1].Loss <= CalmShare * losses.Min(e => double.IsFinite(e.Loss) ? e.Loss : double.PositiveInfinity);
    }

    // Harder records, or a rate that rises again, raise the loss by design; not beyond where the run began.
    private static bool IsExpected(RunHistory history) =>
        (history.Facts.Curriculum || history.Facts.Restarts) && history.MedianLoss(6, history.Count) < history.StartLoss;

    private FindingSeverity Grade(RunHistory history, double rise) =>
        rise > ErrorRise || history.MedianLoss(6, history.Count) > 1.2 * history.StartLoss ? FindingSeverity.Error : FindingSeverity.Warning;

    private void UpdateReference(int step, ReadOnlySpan<double> window, double noise)
    {
        var level = RobustStatistics.Median(window);
        if (double.IsNaN(reference) || level < reference)
        {
            reference = level;
            scale = Math.Max(0.02, Math.Max(RobustStatistics.Mad(window, level), noise));
            (sum, zeroAt) = (0, step);
        }
    }

    // Before there is a stretch to compare with: three points in a row half as high again as the start.
    private Sighting? EarlyRise(RunHistory history)
    {
        var y = history.LogLosses;
        var start = Math.Log(history.Ground + (0.02 * history.StartLoss));
        if (open || y.Length < 4 || !(y[^1] > start + ErrorRise && y[^2] > start + ErrorRise && y[^3] > start + ErrorRise))
        {
            return null;
        }

        (reference, scale, zeroAt) = (start, 0.05, history.Steps[^4]);
        return Raise(history, RobustStatistics.Median(y[^EarlyPoints..]) - start, EarlyPoints);
    }

    private Sighting Raise(RunHistory history, double rise, int points)
    {
        raisedAt = open ? raisedAt : history.Count;
        open = true;
        severity = Grade(history, rise) is var grade && grade > severity ? grade : severity;
        var from = history.Steps[^Math.Min(points, history.Count)];
        var now = history.MedianLoss(points, history.Count);
        var limit = Math.Exp(reference + (points == EarlyPoints ? ErrorRise : LeastRise)) - (0.02 * history.StartLoss);
        var level = new DiagnosisEvidence("loss", now, limit, from, history.LastStep, $"Median loss of steps {from} to {history.LastStep}: {Figure.Of(now)}, {Figure.Percent(Math.Exp(rise) - 1)} above {(points == EarlyPoints ? "the start" : "the best stretch")} (limit {Figure.Of(limit)})");

        // A rise at the very beginning is seen before there is a sum worth telling of.
        return new Sighting
        {
            Severity = severity,
            FirstStep = zeroAt,
            Summary = $"The loss rose from {Figure.Of(Math.Exp(reference) - (0.02 * history.StartLoss))} at its best to {Figure.Of(now)} (median of steps {from} to {history.LastStep}) and does not come back.",
            Evidence = sum > Limit
                ? [level, new("loss_cusum", sum, Limit, zeroAt, history.LastStep, $"Cumulative excess since step {zeroAt}: {Figure.Of(sum)} standard deviations (limit {Figure.Of(Limit)})")]
                : [level],
        };
    }
}
