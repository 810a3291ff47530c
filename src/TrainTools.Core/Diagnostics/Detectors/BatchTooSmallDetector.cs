using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>
/// The gradient of a step is mostly noise: the simple noise scale of McCandlish et al. (2018), from the norms of the
/// micro-batches and of their mean, lies far above the rows of a step.
/// </summary>
public sealed class BatchTooSmallDetector : IDetector
{
    /// <summary>Noise scale over rows a step from which it is said.</summary>
    public const double Factor = 4;

    /// <summary>Samples of both norms needed; each alone is far too noisy.</summary>
    public const int Samples = 20;

    private const double Decay = 0.95;

    private double noise;
    private double signal;
    private int samples;
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.BatchTooSmall;

    /// <inheritdoc/>
    public void Reset() => (noise, signal, samples, open) = (0, 0, 0, false);

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (step.MicroGradNorm is not { } micro || !double.IsFinite(micro) || !double.IsFinite(step.GradNorm) || history.Facts is not { MicroBatchRows: { } small, Accumulation: > 1 and { } accumulation })
        {
            return null;
        }

        // |G_b|² = |G|² + S/b in expectation, at b rows and at b·n: two equations for |G|² and S.
        double large = small * accumulation;
        var (squareSmall, squareLarge) = (micro * micro, step.GradNorm * step.GradNorm);
        signal = (Decay * signal) + ((1 - Decay) * (((large * squareLarge) - (small * squareSmall)) / (large - small)));
        noise = (Decay * noise) + ((1 - Decay) * ((squareSmall - squareLarge) / ((1.0 / small) - (1 / large))));
        samples++;
        if (samples < Samples)
        {
            return null;
        }

        var scale = signal > 0 ? noise / signal : double.PositiveInfinity;
        if (open)
        {
            if (!(scale < Factor * large / 2))
            {
                return null;
            }

            open = false;
            return Sighting.Ended($"By step {step.Step} the noise scale was {Figure.Of(scale)} rows.");
        }

        if (noise <= 0 || scale < Factor * large)
        {
            return null;
        }

        open = true;
        var shown = double.IsInfinity(scale) ? "beyond measure" : $"about {Figure.Of(scale)} rows";
        return new Sighting
        {
            Severity = FindingSeverity.Info,
            FirstStep = step.Step,
            Summary = $"The gradient noise scale is {shown}; a step has {Figure.Of(large)}. More rows a step would make each step count for more.",
            Evidence = [new("gradient_noise_scale", scale, Factor * large, history.Steps[^Math.Min(history.Count, samples)], step.Step, $"Noise scale over the last samples: {shown} (limit {Figure.Of(Factor * large)})")],
        };
    }
}
