using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The gradient of a step is again and again longer than that of its first micro-batch, as a mean of like ones is not: they
/// are added up, or divided by the wrong number.
/// </summary>
public sealed class AccumulationWrongDetector : IDetector
{
    /// <summary>Step's norm over the micro-batch's from which it is said; of a mean it is at most about 1.</summary>
    public const double Limit = 1.4;

    /// <summary>Samples in a row.</summary>
    public const int Samples = 4;

    private int seen;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.AccumulationWrong;

    /// <inheritdoc/>
    public void Reset() => (seen, open) = (0, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (step.MicroGradNorm is not > 0 || !double.IsFinite(step.GradNorm))
        {
            return null;
        }

        var ratio = step.GradNorm / step.MicroGradNorm.Value;
        seen = ratio > Limit ? seen + 1 : 0;
        if (open || seen < Samples)
        {
            return null;
        }

        open = true;
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = history.FirstStep,
            Summary = $"The gradient of a step is {Figure.Times(ratio)} as long as that of one of its micro-batches: they are added up where their mean should be taken.",
            Evidence = [new("grad_norm_over_micro", ratio, Limit, step.Step, step.Step, $"Gradient norm of the step over that of its first micro-batch: {Figure.Of(ratio)} (of a mean at most about 1)")],
        };
    }
}
