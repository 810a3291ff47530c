using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>In its first steps the loss rises above where it began.</summary>
public sealed class EarlyInstabilityDetector : IDetector
{
    /// <summary>Points after the end of warm-up that count as early.</summary>
    public const int AfterWarmup = 50;

    /// <summary>Rise above the start, in ln(loss), that counts: a fifth.</summary>
    public const double LeastRise = 0.18;

    /// <summary>Points in a row.</summary>
    public const int Points = 3;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.EarlyInstability;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var y = history.LogLosses;
        if (y.Length <= Points + 1)
        {
            return null;
        }

        var start = Math.Log(history.Ground + (0.02 * history.StartLoss));
        var (one, two, three) = (y[^1], y[^2], y[^3]);
        if (open)
        {
            if (!(one < start && two < start && three < start))
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {history.LastStep} the loss was below its start.");
        }

        var noise = RobustStatistics.DifferenceScale(y[..Math.Min(y.Length, 50)]);
        var limit = start + Math.Max(LeastRise, 3 * noise);
        if (y.Length > history.IndexOf(history.WarmupEnd) + AfterWarmup || !(one > limit && two > limit && three > limit))
        {
            return null;
        }

        open = true;
        var from = history.Steps[^Points];
        var now = history.MedianLoss(Points, history.Count);
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = from,
            Summary = $"At step {history.LastStep} the loss is {Figure.Of(now)}, above the {Figure.Of(history.Ground)} {(history.Ground > history.StartLoss ? "that guessing costs" : "it began with")}.",
            Evidence = [new("loss", now, Math.Exp(limit) - (0.02 * history.StartLoss), from, history.LastStep, $"{Points} points in a row above {Figure.Of(Math.Exp(limit) - (0.02 * history.StartLoss))}, within {AfterWarmup} points of the end of warm-up (step {history.WarmupEnd})")],
        };
    }
}
