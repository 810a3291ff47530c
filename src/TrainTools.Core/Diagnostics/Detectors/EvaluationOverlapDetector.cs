using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Validation rows are training rows: the evaluation measures memory.</summary>
public sealed class EvaluationOverlapDetector : IDetector
{
    /// <summary>Share of validation rows from which it is said.</summary>
    public const double Limit = 0.005;

    /// <summary>Share from which it is a warning.</summary>
    public const double WarningLimit = 0.1;

    private bool done;

    /// <inheritdoc/>
    public string Symptom => Symptoms.EvaluationOverlap;

    /// <inheritdoc/>
    public void Reset() => done = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (done || history.Facts.EvaluationOverlap is not { } share)
        {
            return null;
        }

        done = true;
        return share < Limit ? null : new Sighting
        {
            Severity = share >= WarningLimit ? FindingSeverity.Warning : FindingSeverity.Info,
            FirstStep = history.FirstStep,
            Summary = $"{Figure.Percent(share)} of the validation rows are training rows, token for token.",
            Evidence = [new("evaluation_overlap", share, Limit, history.FirstStep, history.FirstStep, $"Rows found in both: {Figure.Percent(share)} (limit {Figure.Percent(Limit)})")],
        };
    }
}
