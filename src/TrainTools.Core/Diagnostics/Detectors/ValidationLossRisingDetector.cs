using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The loss on held-out data has passed its lowest point and rises (Prechelt's generalisation loss).</summary>
public sealed class ValidationLossRisingDetector : IDetector
{
    /// <summary>Rise above the best from which it is said, after two evaluations.</summary>
    public const double Limit = 0.02;

    /// <summary>Rise from which it is a warning.</summary>
    public const double WarningLimit = 0.05;

    /// <summary>Share of the loss at the start that the rise must be worth to be a warning: next to zero a factor is nothing.</summary>
    public const double LeastShare = 0.04;

    /// <summary>
    /// Epochs before which nothing can have been learnt by heart: a rise there is the learning rate's, and mostly passes. It
    /// is a warning all the same once <see cref="EarlyEvaluations"/> evaluations have not come back.
    /// </summary>
    public const double EarlyEpochs = 1.5;

    /// <summary>Evaluations after the best one that make an early rise a warning.</summary>
    public const int EarlyEvaluations = 5;

    /// <summary>Rise over the scale of what evaluations differ by from one to the next, beyond their trend.</summary>
    public const double NoiseFactor = 2;

    private bool open;
    private FindingSeverity severity;

    /// <inheritdoc/>
    public string Symptom => Symptoms.ValidationLossRising;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        if (losses.Count < 3 || !double.IsFinite(losses[^1].Loss))
        {
            return null;
        }

        var best = losses.Where(e => double.IsFinite(e.Loss)).MinBy(e => e.Loss);
        if (best.Loss <= 0)
        {
            return null;
        }

        var rise = (losses[^1].Loss / best.Loss) - 1;
        if (open && rise < Limit / 2)
        {
            open = false;
            return Sighting.Ended($"{losses[^1].Name} was back at {Figure.Of(losses[^1].Loss)} after step {losses[^1].Step}.");
        }

        // A few held-out rows give losses that jump about: what counts is what rises beyond that.
        var noise = RobustStatistics.DifferenceScale(losses.Select(e => e.Loss).ToArray());
        var before = (losses[^2].Loss / best.Loss) - 1;
        if (best.Step >= losses[^2].Step || before < Limit || rise < Limit || (losses.Count >= 5 && losses[^1].Loss - best.Loss < NoiseFactor * noise) || (rise < before && rise < WarningLimit))
        {
            return null;
        }

        var isEarly = history.Count > 0 && history.Epochs[^1] is > 0 and < EarlyEpochs && losses.Count(e => e.Step > best.Step) < EarlyEvaluations;
        var grade = !isEarly && rise >= WarningLimit && losses[^1].Loss - best.Loss >= LeastShare * (double.IsNaN(history.Ground) ? 0 : history.Ground) ? FindingSeverity.Warning : FindingSeverity.Info;
        if (open && grade <= severity)
        {
            return null;
        }

        (open, severity) = (true, grade);
        var training = TrainingChange(history, best.Step);
        return new Sighting
        {
            Severity = grade,
            FirstStep = best.Step,
            Summary = $"{losses[^1].Name} was lowest after step {best.Step} ({Figure.Of(best.Loss)}) and is {Figure.Of(losses[^1].Loss)} now, {Figure.Percent(rise)} higher"
                + (training < 0 ? $", while the training loss fell by {Figure.Percent(-training)}." : "."),
            Evidence =
            [
                new(losses[^1].Name, losses[^1].Loss, best.Loss * (1 + Limit), best.Step, losses[^1].Step, $"{losses[^1].Name}: best {Figure.Of(best.Loss)} after step {best.Step}, then {string.Join(", ", losses.Where(e => e.Step > best.Step).TakeLast(4).Select(e => Figure.Of(e.Loss)))}"),
                new("loss_change", training, null, best.Step, losses[^1].Step, $"Training loss since then: {(training < 0 ? "down" : "up")} {Figure.Percent(Math.Abs(training))}"),
            ],
        };
    }

    // Relative change of the training loss since a step, by medians.
    private static double TrainingChange(RunHistory history, int step)
    {
        var then = history.MedianLoss(history.Block, Math.Min(history.Count, history.IndexOf(step + 1)));
        return (history.MedianLoss(history.Block, history.Count) / then) - 1;
    }
}
