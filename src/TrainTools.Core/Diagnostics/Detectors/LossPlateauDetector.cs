using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>After it fell, the loss has been level for a good part of the run, with the learning rate still up.</summary>
public sealed class LossPlateauDetector : IDetector
{
    /// <summary>Share of the points so far that must be level.</summary>
    public const double Share = 0.4;

    /// <summary>Least points.</summary>
    public const int LeastPoints = 100;

    /// <summary>Fall over the stretch that must be excluded.</summary>
    public const double LeastFall = 0.01;

    private const int Groups = 12;

    private bool open;
    private int nextCheck;

    /// <inheritdoc/>
    public string Symptom => Symptoms.LossPlateau;

    /// <inheritdoc/>
    public void Reset() => (open, nextCheck) = (false, 0);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var length = (int)(Share * history.Count);
        if (length < LeastPoints || history.Count < nextCheck || history.Last.LearningRate < 0.1 * history.PeakRate)
        {
            return null;
        }

        // The stretch grows with the run, and so does the distance between looks at it.
        nextCheck = history.Count + Math.Max(20, history.Count / 20);
        var y = history.LogLosses[^length..];
        var size = length / Groups;
        Span<double> medians = stackalloc double[Groups];
        Span<double> x = stackalloc double[Groups];
        for (var i = 0; i < Groups; i++)
        {
            medians[i] = RobustStatistics.Median(y[(i * size)..((i + 1) * size)]);
            x[i] = i;
        }

        var fall = -RobustStatistics.TheilSenSlope(x, medians) * (Groups - 1);
        if (open)
        {
            if (fall < 2 * LeastFall)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} the loss fell again.");
        }

        var earlier = Math.Log(1.02 * history.StartLoss) - medians[0];
        if (Math.Abs(fall) > LeastFall || earlier < 0.05 || Math.Abs(RobustStatistics.MannKendall(medians)) > 1.5)
        {
            return null;
        }

        open = true;
        var from = history.Steps[^length];
        return new Sighting
        {
            Severity = FindingSeverity.Info,
            FirstStep = from,
            Summary = $"Since step {from} the loss has been level at {Figure.Of(history.MedianLoss(length, history.Count))}.",
            Evidence = [new("loss_fall", fall, LeastFall, from, history.LastStep, $"Fall of the fitted line over the last {length} points: {Figure.Percent(fall)} (limit {Figure.Percent(LeastFall)})")],
        };
    }
}
