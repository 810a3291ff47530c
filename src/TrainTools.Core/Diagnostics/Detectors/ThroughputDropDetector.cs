using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Fewer tokens a second than this run has had, for long. It is a warning only where the run itself does more work for a
/// token: where the processor time a token is what it was, something else has the machine, and that is information.
/// </summary>
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
    private double bestOfProcessor;
    private int low;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.ThroughputDrop;

    /// <inheritdoc/>
    public void Reset() => (best, bestOfProcessor, low, open) = (0, 0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (history.Count % Window != 0 || history.RecentCount < Window)
        {
            return null;
        }

        var steps = Enumerable.Range(0, Window).Select(history.Recent).Where(s => s.StepSeconds > 0 && s.NumInputTokens > 0).ToList();
        if (steps.Count < Window / 2)
        {
            return null;
        }

        var now = RobustStatistics.Median(steps.Select(s => s.NumInputTokens / s.StepSeconds).ToArray());
        var ofProcessor = PerProcessorSecond(steps);
        best = Math.Max(best, now);
        bestOfProcessor = Math.Max(bestOfProcessor, ofProcessor ?? 0);
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
        var machine = ofProcessor > WarningShare * bestOfProcessor;
        return new Sighting
        {
            Severity = now < WarningShare * best && !machine ? FindingSeverity.Warning : FindingSeverity.Info,
            FirstStep = from,
            Summary = $"{Figure.Of(now)} tokens a second, where it has been {Figure.Of(best)}{(ofProcessor > Share * bestOfProcessor ? "; a token takes hardly more processor time than it did" : string.Empty)}.",
            Evidence =
            [
                new("tokens_per_second", now, Share * best, from, history.LastStep, $"Median over {Window} points, in {Windows} windows in a row below {Figure.Percent(Share)} of the best ({Figure.Of(best)} tokens a second)"),
                .. ofProcessor is { } rate ? [new DiagnosisEvidence("tokens_per_cpu_second", rate, WarningShare * bestOfProcessor, from, history.LastStep, $"{Figure.Of(rate)} tokens a second of processor time, {Figure.Of(bestOfProcessor)} at its best")] : Array.Empty<DiagnosisEvidence>(),
            ],
        };
    }

    // Over the whole window: clocks of processor time may tick as rarely as every 16 ms.
    private static double? PerProcessorSecond(List<TrainingStep> steps)
    {
        var measured = steps.Where(s => s.CpuSeconds is not null).ToList();
        var seconds = measured.Sum(s => s.CpuSeconds!.Value);
        return seconds > 0 ? measured.Sum(s => s.NumInputTokens) / seconds : null;
    }
}
