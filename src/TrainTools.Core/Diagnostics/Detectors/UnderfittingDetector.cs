using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// At its end the run has learnt little more than how often each answer occurs (a language model: each token), on training
/// data as well.
/// </summary>
public sealed class UnderfittingDetector : IDetector
{
    /// <summary>Share of the loss of guessing that is left, from which it is said.</summary>
    public const double Share = 0.7;

    /// <summary>The same for language models, which know more of their tokens than how often they occur before they are tuned.</summary>
    public const double LanguageShare = 0.93;

    /// <summary>Held-out loss over training loss beyond which it is overfitting that is the matter.</summary>
    public const double Gap = 1.25;

    /// <inheritdoc/>
    public string Symptom => Symptoms.Underfitting;

    /// <inheritdoc/>
    public Sighting? OnEnd(RunHistory history)
    {
        var isClassifier = history.Facts.Task is TaskType.SequenceClassification or TaskType.TokenClassification;
        if ((history.Facts.TargetEntropy ?? (isClassifier && history.Facts.Classes is > 1 and { } classes ? Math.Log(classes) : null)) is not { } guessing || history.Count < 30)
        {
            return null;
        }

        var points = Math.Min(2 * history.Block, history.Count / 3);
        var loss = history.MedianLoss(points, history.Count);
        var held = history.EvaluationLosses() is [.., { Loss: var last }] ? last : double.NaN;
        var share = isClassifier ? Share : LanguageShare;
        if (!(loss > share * guessing) || held > Gap * loss)
        {
            return null;
        }

        var from = history.Steps[^points];
        return new Sighting
        {
            // Before it has seen all of its records once, a run is short and not yet poor.
            Severity = history.Epochs[^1] is > 0 and < 0.99 ? FindingSeverity.Info : FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"The run ends at a training loss of {Figure.Of(loss)}; guessing by frequency costs {Figure.Of(guessing)}.",
            Evidence = [new("loss", loss, share * guessing, from, history.LastStep, $"Median training loss of steps {from} to {history.LastStep}: {Figure.Of(loss)} (limit {Figure.Of(share * guessing)}, {Figure.Percent(share)} of guessing)")],
        };
    }
}
