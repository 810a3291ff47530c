using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The first loss is above what guessing costs, or far from what the untrained model scores on held-out data: tokens,
/// labels or weights are not what they should be.
/// </summary>
public sealed class FirstLossWrongDetector : IDetector
{
    /// <summary>How far above ln(classes) it may lie, in nats.</summary>
    public const double Margin = 0.7;

    /// <summary>Targets a step from which that margin holds; with fewer the first losses jump the more, by the root.</summary>
    public const int MarginRows = 8;

    /// <summary>How far above the evaluation before training it may lie, relatively.</summary>
    public const double Gap = 0.4;

    /// <summary>
    /// Points after which a classifier is judged: a head that was trained for other classes begins far above guessing, and
    /// is soon below it.
    /// </summary>
    public const int HeadPoints = 20;

    private bool done;

    /// <inheritdoc/>
    public string Symptom => Symptoms.FirstLossWrong;

    /// <inheritdoc/>
    public void Reset() => done = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var isClassifier = history.Facts.Task is TaskType.SequenceClassification or TaskType.TokenClassification;
        if (done || history.Count < (isClassifier ? HeadPoints : 3) || history.FirstStep > 20 || double.IsNaN(history.StartLoss))
        {
            return null;
        }

        done = true;
        var start = isClassifier ? Math.Min(history.StartLoss, history.MedianLoss(HeadPoints / 2, history.Count)) : history.StartLoss;
        var margin = Margin * Math.Max(1, Math.Sqrt(MarginRows / Math.Max(1.0, Targets(history))));
        if (history.Facts.Classes is > 1 and { } classes && start > Math.Log(classes) + margin)
        {
            return Raise(history, start, Math.Log(classes) + margin, $"The loss begins at {Figure.Of(start)}; guessing among {classes} costs {Figure.Of(Math.Log(classes))}.");
        }

        var before = history.EvaluationLosses();
        return before is [{ Step: 0, Loss: var untrained }, ..] && start > untrained * (1 + Gap) && start > untrained + 0.5
            ? Raise(history, start, untrained * (1 + Gap), $"The loss begins at {Figure.Of(start)}; on held-out data the untrained model has {Figure.Of(untrained)}.")
            : null;
    }

    // A classifier has a target a row; a log that does not count them is taken for one with enough.
    private static double Targets(RunHistory history) => history.Last.NumSupervisedTokens > 0 ? history.Last.NumSupervisedTokens : history.Facts.RowsPerStep ?? MarginRows;

    private static Sighting Raise(RunHistory history, double loss, double limit, string text) => new()
    {
        Severity = FindingSeverity.Warning,
        FirstStep = history.FirstStep,
        Summary = text,
        Evidence = [new("loss", loss, limit, history.FirstStep, history.LastStep, $"Median loss of the first three points: {Figure.Of(history.StartLoss)}{(loss < history.StartLoss ? $", still {Figure.Of(loss)} by step {history.LastStep}" : string.Empty)} (limit {Figure.Of(limit)})")],
    };
}
