using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The loss is next to nothing before the model can have learnt the data: it copies or has been shown the answers.</summary>
public sealed class TooGoodDetector : IDetector
{
    /// <summary>Loss in nats that language does not reach on text it sees for the first time.</summary>
    public const double LanguageLimit = 0.1;

    /// <summary>Loss in nats that a classifier does not reach on rows it sees for the first time.</summary>
    public const double ClassifierLimit = 0.003;

    /// <summary>Points that must lie below, at least.</summary>
    public const int Points = 10;

    /// <summary>Rows that they must have.</summary>
    public const int Rows = 128;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.TooGoodToBeTrue;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var points = Math.Max(Points, Rows / Math.Max(1, history.Facts.RowsPerStep ?? Rows));
        if (open || history.Count < points || history.Epochs[^1] > 1 || history.Count % 5 != 0)
        {
            return null;
        }

        var limit = history.Facts.Task is TaskType.SequenceClassification or TaskType.TokenClassification ? ClassifierLimit : LanguageLimit;
        var now = history.MedianLoss(points, history.Count);
        if (!(now < limit) || !(history.StartLoss > 5 * limit))
        {
            return null;
        }

        open = true;
        var from = history.Steps[^points];
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"After {history.LastStep} steps, within the first epoch, the loss is {Figure.Of(now)}: rows seen for the first time are not that easy.",
            Evidence = [new("loss", now, limit, from, history.LastStep, $"Median loss of steps {from} to {history.LastStep}: {Figure.Of(now)} (limit {Figure.Of(limit)}), {Figure.Of(history.Epochs[^1])} epochs done")],
        };
    }
}
