using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>At its end the run has learnt little more than how often each answer occurs, on training data as well.</summary>
public sealed class UnderfittingDetector : IDetector
{
    /// <summary>Share of the loss of guessing that is left, from which it is said.</summary>
    public const double Share = 0.6;

    /// <summary>Held-out loss over training loss beyond which it is overfitting that is the matter.</summary>
    public const double Gap = 1.25;

    /// <inheritdoc/>
    public string Symptom => Symptoms.Underfitting;

    /// <inheritdoc/>
    public Sighting? OnEnd(RunHistory history)
    {
        // Only where what guessing costs is known: for classifiers. A language model's floor is not known to anyone.
        if (history.Facts.Task is not (TaskType.SequenceClassification or TaskType.TokenClassification)
            || (history.Facts.TargetEntropy ?? (history.Facts.Classes is > 1 and { } classes ? Math.Log(classes) : null)) is not { } guessing
            || history.Count < 30)
        {
            return null;
        }

        var points = Math.Min(2 * history.Block, history.Count / 3);
        var loss = history.MedianLoss(points, history.Count);
        var held = history.EvaluationLosses() is [.., { Loss: var last }] ? last : double.NaN;
        if (!(loss > Share * guessing) || held > Gap * loss)
        {
            return null;
        }

        var from = history.Steps[^points];
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"The run ends at a training loss of {Figure.Of(loss)}; guessing by frequency costs {Figure.Of(guessing)}.",
            Evidence = [new("loss", loss, Share * guessing, from, history.LastStep, $"Median training loss of steps {from} to {history.LastStep}: {Figure.Of(loss)} (limit {Figure.Of(Share * guessing)}, {Figure.Percent(Share)} of guessing)")],
        };
    }
}
