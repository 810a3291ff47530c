using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Training and evaluation see different things: the training loss stays well above the held-out one, or lies far below it
/// before anything can have been learnt by heart.
/// </summary>
public sealed class TrainEvaluationMismatchDetector : IDetector
{
    /// <summary>Training loss over held-out loss from which it is said.</summary>
    public const double Above = 1.25;

    /// <summary>Held-out loss over training loss, within the first epoch, from which it is said.</summary>
    public const double Below = 1.5;

    /// <summary>Evaluations in a row.</summary>
    public const int Evaluations = 2;

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
        var points = Math.Clamp(history.Block / 2, 8, 20);
        var training = history.MedianLoss(points, history.Count);
        var difference = 0.03 * history.StartLoss;
        if (!double.IsFinite(loss) || !double.IsFinite(training) || history.Facts.Curriculum)
        {
            return null;
        }

        above = training > Above * loss && training - loss > difference ? above + 1 : 0;
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

        if (above < Evaluations && below < Evaluations)
        {
            return null;
        }

        open = true;
        var from = losses[^Evaluations].Step;
        var isAbove = above >= Evaluations;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = isAbove
                ? $"The training loss ({Figure.Of(training)}) stays {Figure.Percent((training / loss) - 1)} above {name} ({Figure.Of(loss)}): training sees something that evaluation does not."
                : $"{name} ({Figure.Of(loss)}) is {Figure.Percent((loss / training) - 1)} above the training loss ({Figure.Of(training)}) within the first epoch, when nothing can have been learnt by heart.",
            Evidence = [new("loss_ratio", training / loss, isAbove ? Above : 1 / Below, from, step, $"Training over held-out loss after step {step}: {Figure.Of(training / loss)} (expected: {Figure.Of(1 / Below)} to {Figure.Of(Above)}); median of {points} points")],
        };
    }
}
