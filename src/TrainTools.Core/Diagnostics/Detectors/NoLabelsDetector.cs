using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Steps, or many rows, without a single supervised token: there is nothing to learn from them.</summary>
public sealed class NoLabelsDetector : IDetector
{
    /// <summary>Share of rows without labels from which it is said.</summary>
    public const double RowShare = 0.01;

    /// <summary>Share of rows without labels from which it is a warning.</summary>
    public const double WarningShare = 0.05;

    /// <summary>Points of a constant loss without gradient that give a mask away where tokens were not counted.</summary>
    public const int StillPoints = 5;

    private bool open;
    private long rows;
    private long empty;
    private int quiet;

    /// <inheritdoc/>
    public string Symptom => Symptoms.NoLabels;

    /// <inheritdoc/>
    public void Reset() => (open, rows, empty, quiet) = (false, 0, 0, 0);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (!open && history.Count == 1 && history.Facts.RecordsWithoutLabels >= RowShare)
        {
            var share = history.Facts.RecordsWithoutLabels.Value;
            return Raise(step.Step, share >= WarningShare ? FindingSeverity.Warning : FindingSeverity.Info, "records_without_labels", share, RowShare, $"{Figure.Percent(share)} of the records have no supervised token left after preparation.", []);
        }

        // Rows that a remedy has the run pass over have no labels on purpose.
        rows += Math.Max(0, (history.Facts.RowsPerStep ?? 0) - (step.RecordsPassedOver ?? 0));
        empty += step.RowsWithoutTargets ?? 0;
        var none = step.NumInputTokens > 0 && step.NumSupervisedTokens == 0 && (step.RecordsPassedOver ?? 0) == 0;
        if (none)
        {
            quiet = 0;
            return open ? null : Raise(step.Step, FindingSeverity.Error, "num_supervised_tokens", 0, 1, $"Step {step.Step} has {step.NumInputTokens} tokens and not one of them is supervised.", step.Records ?? []);
        }

        if (open)
        {
            quiet++;
            if (quiet < 20)
            {
                return null;
            }

            open = false;
            return Sighting.Ended("The last 20 steps have labels.");
        }

        if (rows > 200 && empty > WarningShare * rows)
        {
            return Raise(step.Step, FindingSeverity.Warning, "rows_without_labels", (double)empty / rows, WarningShare, $"{Figure.Percent((double)empty / rows)} of the rows so far have no supervised token.", []);
        }

        return step.NumInputTokens == 0 && IsStill(history)
            ? Raise(history.Steps[^StillPoints], FindingSeverity.Error, "loss", step.Loss, null, $"For {StillPoints} points the loss has been exactly {Figure.Of(step.Loss)} with no gradient: no label reaches it.", [])
            : null;
    }

    private static bool IsStill(RunHistory history)
    {
        if (history.Count < StillPoints || !history.Facts.HasGradNorm)
        {
            return false;
        }

        for (var i = 0; i < StillPoints; i++)
        {
            if (history.Losses[^(i + 1)] != history.Losses[^1] || history.GradNorms[^(i + 1)] != 0)
            {
                return false;
            }
        }

        return true;
    }

    private Sighting Raise(int from, FindingSeverity severity, string signal, double value, double? limit, string text, IReadOnlyList<long> records)
    {
        open = true;
        quiet = 0;
        return new Sighting { Severity = severity, FirstStep = from, Summary = text, Evidence = [new(signal, value, limit, from, from, text)], Records = records };
    }
}
