using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Training and evaluation see different things: the training loss stays above the held-out one, or lies far below it
/// before anything can have been learnt by heart.
/// </summary>
public sealed class TrainEvaluationMismatchDetector : IDetector
{
    /// <summary>Training loss over held-out loss from which it is said.</summary>
    public const double Above = 1.08;

    /// <summary>The same where dropout is known to be high, so that just this is to be expected.</summary>
    public const double AboveByDropout = 1.03;

    /// <summary>Dropout from which that holds.</summary>
    public const double HighDropout = 0.3;

    /// <summary>Held-out loss over training loss, within the first epoch, from which it is said.</summary>
    public const double Below = 1.5;

    /// <summary>Evaluations in a row with training above.</summary>
    public const int EvaluationsAbove = 3;

    /// <summary>Evaluations in a row with training below.</summary>
    public const int EvaluationsBelow = 2;

    /// <summary>Standard errors of the difference that it must exceed.</summary>
    public const double Errors = 4;

    private int above;
    private int below;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.TrainEvaluationMismatch;

    /// <inheritdoc/>
    public void Reset() => (above, below, open) = (0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        if (losses.Count == 0 || history.Count < 10)
        {
            return null;
        }

        // The last points only: while the loss falls fast, a longer median would lie above it.
        var (name, loss, step) = (losses[^1].Name, losses[^1].Loss, losses[^1].Step);
        var points = Math.Clamp(history.Block, 8, 20);
        var training = history.MedianLoss(points, history.Count);
        if (!double.IsFinite(loss) || !double.IsFinite(training) || history.Facts.Curriculum)
        {
            return null;
        }

        // Smoothed labels cost something in training that evaluation does not have.
        var smoothing = (history.Facts.Config?.Task.LabelSmoothingFactor ?? 0) * Math.Log(history.Facts.Classes ?? 2);
        var (limit, needed, floor) = history.Facts.Dropout >= HighDropout ? (AboveByDropout, EvaluationsAbove - 1, 0.015) : (Above, EvaluationsAbove, 0.03);
        var difference = Math.Max(floor * history.StartLoss, Errors * Noise(history, losses, points));
        above = training - smoothing > limit * loss && training - smoothing - loss > difference ? above + 1 : 0;
        below = loss > Below * training && loss - training > difference && history.Epochs[^1] <= 1.01 ? below + 1 : 0;
        if (open)
        {
            if (above > 0 || (loss > Below * training && loss - training > difference))
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"After step {step} they agree: {Figure.Of(training)} in training, {Figure.Of(loss)} held out.");
        }

        if (above < needed && below < EvaluationsBelow)
        {
            return null;
        }

        open = true;
        var isAbove = above >= needed;
        var from = losses[^(isAbove ? needed : EvaluationsBelow)].Step;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = isAbove
                ? $"The training loss ({Figure.Of(training)}) stays {Figure.Percent((training / loss) - 1)} above {name} ({Figure.Of(loss)}): training sees something that evaluation does not."
                : $"{name} ({Figure.Of(loss)}) is {Figure.Percent((loss / training) - 1)} above the training loss ({Figure.Of(training)}) within the first epoch, when nothing can have been learnt by heart.",
            Evidence = [new("loss_ratio", training / loss, isAbove ? limit : 1 / Below, from, step, $"Training over held-out loss after step {step}: {Figure.Of(training / loss)} (expected: {Figure.Of(1 / Below)} to {Figure.Of(limit)}); median of {points} points")],
        };
    }

    // Standard error of the difference: of the median of the last points, and of one evaluation as its neighbours show it.
    private static double Noise(RunHistory history, IReadOnlyList<EvaluationLoss> losses, int points)
    {
        var scale = RobustStatistics.DifferenceScale(history.Losses[^Math.Min(history.Count, 4 * points)..]);
        var ofTraining = double.IsNaN(scale) ? 0 : 1.25 * scale / Math.Sqrt(points);
        var lately = losses.TakeLast(5).Select(e => e.Loss).ToArray();
        var ofEvaluation = lately.Length < 4 ? 0 : RobustStatistics.DifferenceScale(lately);
        return Math.Sqrt((ofTraining * ofTraining) + (double.IsNaN(ofEvaluation) ? 0 : ofEvaluation * ofEvaluation));
    }
}
