using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Each update changes the weights by more than training can bear.</summary>
public sealed class UpdateTooLargeDetector : IDetector
{
    /// <summary>Ratio of update to weights from which it is said (usual: 0.001 to 0.01).</summary>
    public const double Limit = 0.02;

    /// <summary>The same for adapters, whose matrices begin small.</summary>
    public const double AdapterLimit = 0.05;

    /// <summary>
    /// The same for a language model that knows nothing yet (its first loss is that of guessing evenly): its weights begin small,
    /// and training is to change them.
    /// </summary>
    public const double UntrainedLimit = 0.1;

    /// <summary>Ratio from which it is an error.</summary>
    public const double ErrorLimit = 0.2;

    /// <summary>Samples judged together.</summary>
    public const int Samples = 3;

    private readonly Queue<(int Step, double Ratio)> samples = new();
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.UpdateTooLarge;

    /// <inheritdoc/>
    public void Reset()
    {
        samples.Clear();
        open = false;
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Last.UpdateRatio is not { } ratio || !double.IsFinite(ratio))
        {
            return null;
        }

        samples.Enqueue((history.LastStep, ratio));
        if (samples.Count > Samples)
        {
            samples.Dequeue();
        }

        if (samples.Count < Samples)
        {
            return null;
        }

        var isUntrained = history.Facts is { Task: TaskType.CausalLm, Classes: > 1 and { } classes } && history.Losses[0] / Math.Log(classes) is > 0.98 and < 1.05;
        var limit = isUntrained ? UntrainedLimit : history.Facts.Method is null or TrainingMethod.Full ? Limit : AdapterLimit;
        var median = RobustStatistics.Median(samples.Select(s => s.Ratio).ToArray());
        if (open)
        {
            if (median >= limit / 2)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} it was down to {Figure.Percent(median)}.");
        }

        if (median < limit)
        {
            return null;
        }

        open = true;
        var from = samples.Peek().Step;
        return new Sighting
        {
            Severity = median >= ErrorLimit ? FindingSeverity.Error : FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"Each update changes the weights by {Figure.Percent(median)} of their size (usual: 0.1 to 1 %).",
            Evidence = [new("update_ratio", median, limit, from, history.LastStep, $"Norm of the update over norm of the weights, median over matrices and of the last {Samples} samples: {Figure.Of(median)} (limit {Figure.Of(limit)})")],
        };
    }
}
