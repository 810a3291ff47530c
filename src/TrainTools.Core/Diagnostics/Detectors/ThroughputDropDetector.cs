using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Fewer tokens a second than this run has had, for long.</summary>
public sealed class ThroughputDropDetector : IDetector
{
    /// <summary>Points whose median counts.</summary>
    public const int Window = 30;

    /// <summary>Share of the best window below which it is said.</summary>
    public const double Share = 0.65;

    /// <summary>Share of the best window below which it is a warning.</summary>
    public const double WarningShare = 0.4;

    /// <summary>Windows in a row.</summary>
    public const int Windows = 3;

    private double best;
    private int low;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.ThroughputDrop;

    /// <inheritdoc/>
    public void Reset() => (best, low, open) = (0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Count % Window != 0 || history.RecentCount < Window)
        {
            return null;
        }

        var rates = Enumerable.Range(0, Window).Select(history.Recent).Where(s => s.StepSeconds > 0 && s.NumInputTokens > 0).Select(s => s.NumInputTokens / s.StepSeconds).ToArray();
        if (rates.Length < Window / 2)
        {
            return null;
        }

        var now = RobustStatistics.Median(rates);
        best = Math.Max(best, now);
        low = now < Share * best ? low + 1 : 0;
        if (open)
        {
            if (low > 0)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} it was back at {Figure.Of(now)} tokens a second.");
        }

        if (low < Windows)
        {
            return null;
        }

        open = true;
        var from = history.Steps[^Math.Min(history.Count, Windows * Window)];
        return new Sighting
        {
            Severity = now < WarningShare * best ? FindingSeverity.Warning : FindingSeverity.Info,
            FirstStep = from,
            Summary = $"{Figure.Of(now)} tokens a second, where it has been {Figure.Of(best)}.",
            Evidence = [new("tokens_per_second", now, Share * best, from, history.LastStep, $"Median over {Window} points, in {Windows} windows in a row below {Figure.Percent(Share)} of the best ({Figure.Of(best)} tokens a second)")],
        };
    }
}
