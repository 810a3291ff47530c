using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// Adapters whose B is still zero after steps with a learning rate: they add nothing to the model. (At the very first step
/// that is so by design.)
/// </summary>
public sealed class DeadAdapterDetector : IDetector
{
    /// <summary>Steps after which B must have moved.</summary>
    public const int Steps = 5;

    /// <summary>Share of adapters from which it is a warning rather than information.</summary>
    public const double WarningShare = 0.1;

    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.DeadAdapter;

    /// <inheritdoc/>
    public void Reset() => open = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (step is not { ZeroAdapters: { } zero, Adapters: > 0 and { } all } || step.Step < Steps || !(history.PeakRate > 0))
        {
            return null;
        }

        if (zero == 0)
        {
            if (!open)
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {step.Step} all of them had moved.");
        }

        if (open)
        {
            return null;
        }

        open = true;
        var share = (double)zero / all;
        return new Sighting
        {
            Severity = share > 0.5 ? FindingSeverity.Error : share > WarningShare ? FindingSeverity.Warning : FindingSeverity.Info,
            FirstStep = step.Step,
            Summary = $"After {step.Step} steps {zero} of {all} adapters are still zero: they change nothing in the model.",
            Evidence = [new("zero_adapters", zero, 0, step.Step, step.Step, $"Adapters whose B is all zeros: {zero} of {all}")],
        };
    }
}
