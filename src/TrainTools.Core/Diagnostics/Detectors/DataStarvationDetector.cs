using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Steps wait for their rows.</summary>
public sealed class DataStarvationDetector : IDetector
{
    /// <summary>Points whose median counts.</summary>
    public const int Window = 50;

    /// <summary>Share of a step spent waiting from which it is said.</summary>
    public const double Share = 0.1;

    /// <summary>Share from which it is a warning.</summary>
    public const double WarningShare = 0.2;

    private bool open;
    private FindingSeverity severity;

    /// <inheritdoc/>
    public string Symptom => Symptoms.DataStarvation;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Last.DataSeconds is null || history.Count % 10 != 0 || history.RecentCount < Window)
        {
            return null;
        }

        var shares = Enumerable.Range(0, Window).Select(history.Recent).Where(s => s.DataSeconds is not null && s.StepSeconds > 0).Select(s => s.DataSeconds!.Value / s.StepSeconds).ToArray();
        var share = RobustStatistics.Median(shares);
        var grade = share >= WarningShare ? FindingSeverity.Warning : FindingSeverity.Info;
        if (open && share < Share / 2)
        {
            open = false;
            return Sighting.Ended($"By step {history.LastStep} it was down to {Figure.Percent(share)}.");
        }

        if (!(share >= Share) || (open && grade <= severity))
        {
            return null;
        }

        (open, severity) = (true, grade);
        var from = history.Steps[^Math.Min(Window, history.Count)];
        return new Sighting
        {
            Severity = grade,
            FirstStep = from,
            Summary = $"Half the steps wait for their rows for {Figure.Percent(share)} of their time or more.",
            Evidence = [new("data_wait_share", share, Share, from, history.LastStep, $"Waiting for data, median of {shares.Length} points: {Figure.Percent(share)} of the step (limit {Figure.Percent(Share)})")],
        };
    }
}
