using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The updates are too small to change anything in the length of the run.</summary>
public sealed class UpdateTooSmallDetector : IDetector
{
    /// <summary>Ratio of update to weights below which it is said.</summary>
    public const double Limit = 2e-5;

    /// <summary>Samples judged together.</summary>
    public const int Samples = 3;

    private readonly Queue<(int Step, double Ratio)> samples = new();
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.UpdateTooSmall;

    /// <inheritdoc/>
    public void Reset()
    {
        samples.Clear();
        open = false;
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        // While the rate is far from its peak, in warm-up and at the end of the decay, small updates are meant.
        // None at all is another matter: nothing is trained (ParametersStill).
        var step = history.Last;
        if (step.UpdateRatio is not { } ratio || !(ratio > 0) || !double.IsFinite(ratio) || step.LearningRate < history.PeakRate / 2 || step.Step < history.WarmupEnd)
        {
            return null;
        }

        samples.Enqueue((step.Step, ratio));
        if (samples.Count > Samples)
        {
            samples.Dequeue();
        }

        if (samples.Count < Samples)
        {
            return null;
        }

        var median = RobustStatistics.Median(samples.Select(s => s.Ratio).ToArray());
        if (open)
        {
            if (median < 2 * Limit)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} it was {Figure.Percent(median)}.");
        }

        if (median >= Limit)
        {
            return null;
        }

        open = true;
        var from = samples.Peek().Step;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"Each update changes the weights by only {Figure.Percent(median)} of their size (usual: 0.1 to 1 %): in the length of this run nothing will be learnt.",
            Evidence = [new("update_ratio", median, Limit, from, history.LastStep, $"Norm of the update over norm of the weights, median over matrices and of the last {Samples} samples: {Figure.Of(median)} (limit {Figure.Of(Limit)})")],
        };
    }
}
