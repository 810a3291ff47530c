using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The loss swings wildly from step to step, around its trend. With few rows a step that is the noise of the sample and
/// not an unstable training, so there it is information.
/// </summary>
public sealed class LossFluctuatesDetector : IDetector
{
    /// <summary>Points looked at.</summary>
    public const int Window = 60;

    /// <summary>Standard deviation of ln(loss) around the trend from which it is said.</summary>
    public const double Limit = 0.3;

    /// <summary>Below this it has ended.</summary>
    public const double EndLimit = 0.2;

    /// <summary>Standard deviation of ln(loss) among single rows that is usual; a mean over n rows has 1/√n of it.</summary>
    public const double RowDeviation = 0.8;

    /// <summary>Standard deviation of the loss from step to step, over the loss at the start, from which it is a warning.</summary>
    public const double LeastSwing = 0.3;

    private bool open;
    private double earlyNoise = double.NaN;

    /// <inheritdoc/>
    public string Symptom => Symptoms.LossFluctuates;

    /// <inheritdoc/>
    public void Reset() => (open, earlyNoise) = (false, double.NaN);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Count < Window || history.Count % 15 != 0)
        {
            return null;
        }

        var y = history.LogLosses[^Window..];
        Span<double> x = stackalloc double[Window];
        for (var i = 0; i < Window; i++)
        {
            x[i] = i;
        }

        var slope = RobustStatistics.TheilSenSlope(x, y);
        Span<double> residuals = stackalloc double[Window];
        for (var i = 0; i < Window; i++)
        {
            residuals[i] = y[i] - (slope * i);
        }

        var noise = RobustStatistics.Mad(residuals, RobustStatistics.Median(residuals));
        if (double.IsNaN(earlyNoise))
        {
            earlyNoise = noise;
        }

        if (open)
        {
            if (noise >= EndLimit)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} the swing was down to {Figure.Percent(noise)}.");
        }

        var correlation = RobustStatistics.LagOneCorrelation(y.ToArray().Where(double.IsFinite).ToArray());
        if (noise < Limit || correlation > 0.6)
        {
            return null;
        }

        open = true;
        // A loss near zero swings by large factors and small amounts.
        var swing = RobustStatistics.DifferenceScale(history.Losses[^Window..]) / history.StartLoss;
        var sampled = history.Facts.RowsPerStep is { } rows ? RowDeviation / Math.Sqrt(rows) : (double?)null;
        var isSampling = sampled is { } expected && noise < 1.5 * expected;
        var isSmall = swing < LeastSwing;
        var from = history.Steps[^Window];
        return new Sighting
        {
            Severity = isSampling || isSmall || history.Facts.Curriculum ? FindingSeverity.Info : FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"From step to step the loss swings by {Figure.Percent(noise)} around its trend (steps {from} to {history.LastStep})."
                + (isSampling ? $" With {history.Facts.RowsPerStep} rows a step that is the noise of the sample." : string.Empty),
            Evidence =
            [
                new("loss_noise", noise, Limit, from, history.LastStep, $"Standard deviation of ln(loss) around its trend: {Figure.Of(noise)} (limit {Figure.Of(Limit)}; {Figure.Of(earlyNoise)} in the first {Window} points)"),
            ],
        };
    }
}
