using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Held-out data gains nothing more and much of the run is still to come: it can stop.</summary>
public sealed class EarlySuccessDetector : IDetector
{
    /// <summary>Relative gain over the last three evaluations below which there is nothing more to be had.</summary>
    public const double LeastGain = 0.003;

    /// <summary>Fall since the first evaluation that makes it a success.</summary>
    public const double LeastFall = 0.1;

    /// <summary>Share of the run that must be left.</summary>
    public const double Left = 0.25;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.EarlySuccess;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnEvaluation(RunHistory history)
    {
        var losses = history.EvaluationLosses();
        if (losses.Count < 5 || history.Facts.MaxSteps is not { } steps)
        {
            return null;
        }

        var before = losses.Take(losses.Count - 3).Min(e => e.Loss);
        var lately = losses.TakeLast(3).Min(e => e.Loss);
        if (open)
        {
            if (lately > before * (1 - LeastGain))
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"After step {losses[^1].Step} it had gained after all.");
        }

        var rises = losses[^1].Loss > before * 1.02;
        if (rises || lately < before * (1 - LeastGain) || before > losses[0].Loss * (1 - LeastFall) || history.LastStep > (1 - Left) * steps)
        {
            return null;
        }

        open = true;
        var best = losses.MinBy(e => e.Loss);
        return new Sighting
        {
            Severity = FindingSeverity.Info,
            FirstStep = best.Step,
            Summary = $"{best.Name} has gained nothing in three evaluations (best {Figure.Of(best.Loss)} after step {best.Step}), with {steps - history.LastStep} steps to go: the run can stop.",
            Evidence = [new(best.Name, lately, before * (1 - LeastGain), losses[^3].Step, losses[^1].Step, $"Best of the last three evaluations {Figure.Of(lately)}, best before {Figure.Of(before)}")],
        };
    }
}
