using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The records come in the order of the file. That alone is worth knowing; where the loss moves with the place in the file,
/// so that neighbouring steps resemble each other, it is a warning.
/// </summary>
public sealed class DataOrderDetector : IDetector
{
    /// <summary>Points looked at.</summary>
    public const int Window = 60;

    /// <summary>Share of neighbouring records in a step that follow each other in the file.</summary>
    public const double ConsecutiveShare = 0.8;

    /// <summary>Correlation of neighbouring points around the trend that shows an order.</summary>
    public const double Correlation = 0.5;

    /// <summary>Least standard deviation of ln(loss) around the trend for it to matter.</summary>
    public const double LeastSwing = 0.1;

    private long pairs;
    private long consecutive;
    private bool open;
    private FindingSeverity severity;

    /// <inheritdoc/>
    public string Symptom => Symptoms.DataOrder;

    /// <inheritdoc/>
    public void Reset() => (pairs, consecutive, open) = (0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var records = history.Last.Records;
        for (var i = 1; i < (records?.Count ?? 0); i++)
        {
            pairs++;
            consecutive += records![i] == records[i - 1] + 1 ? 1 : 0;
        }

        if (history.Count < 40 || history.Count % 10 != 0 || history.Facts.Curriculum)
        {
            return null;
        }

        var ordered = pairs >= 40 ? consecutive > ConsecutiveShare * pairs : history.Facts.Shuffled == false;
        if (!ordered)
        {
            return null;
        }

        var (correlation, swing) = Swing(history.LogLosses[^Math.Min(Window, history.Count)..]);
        var moves = correlation > Correlation && swing > LeastSwing;
        var grade = moves ? FindingSeverity.Warning : FindingSeverity.Info;
        if (open && grade <= severity)
        {
            return null;
        }

        (open, severity) = (true, grade);
        var from = history.Steps[^Math.Min(Window, history.Count)];
        return new Sighting
        {
            Severity = grade,
            FirstStep = moves ? from : history.FirstStep,
            Summary = moves
                ? $"The records come in the order of the file, and the loss moves with the place in it: around its trend it swings by {Figure.Percent(swing)}, neighbouring steps alike."
                : "The records come in the order of the file.",
            Evidence =
            [
                new("consecutive_records", pairs == 0 ? double.NaN : (double)consecutive / pairs, ConsecutiveShare, history.FirstStep, history.LastStep, pairs == 0 ? "shuffle is off" : $"{Figure.Percent((double)consecutive / pairs)} of neighbouring records in a step follow each other in the file (limit {Figure.Percent(ConsecutiveShare)})"),
                new("loss_autocorrelation", correlation, Correlation, from, history.LastStep, $"Correlation of neighbouring points around the trend: {Figure.Of(correlation)} (limit {Figure.Of(Correlation)})"),
            ],
        };
    }

    private static (double Correlation, double Swing) Swing(ReadOnlySpan<double> y)
    {
        var x = new double[y.Length];
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = i;
        }

        var slope = RobustStatistics.TheilSenSlope(x, y);
        var residuals = new List<double>(y.Length);
        for (var i = 0; i < y.Length; i++)
        {
            if (!double.IsNaN(y[i]))
            {
                residuals.Add(y[i] - (slope * i));
            }
        }

        var values = residuals.ToArray();
        return (RobustStatistics.LagOneCorrelation(values), RobustStatistics.Mad(values, RobustStatistics.Median(values)));
    }
}
