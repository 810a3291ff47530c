using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Trainable tensors that the updates leave exactly as they were.</summary>
public sealed class ParametersStillDetector : IDetector
{
    /// <summary>Samples in a row in which a tensor must stand still.</summary>
    public const int Samples = 3;

    private readonly Dictionary<string, int> still = new(StringComparer.Ordinal);
    private bool open;

    /// <inheritdoc/>
    public string Symptom => Symptoms.ParametersStill;

    /// <inheritdoc/>
    public void Reset()
    {
        still.Clear();
        open = false;
    }

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        var step = history.Last;
        if (step.StillParameters is not { } names || step.Skipped == true || !(step.LearningRate > 0))
        {
            return null;
        }

        foreach (var moved in still.Keys.Except(names).ToList())
        {
            still.Remove(moved);
        }

        foreach (var name in names)
        {
            still[name] = still.GetValueOrDefault(name) + 1;
        }

        var stuck = still.Where(s => s.Value >= Samples).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        if (open && stuck.Count == 0)
        {
            open = false;
            return Sighting.Ended($"By step {step.Step} all of them had moved.");
        }

        if (open || stuck.Count == 0)
        {
            return null;
        }

        open = true;
        var shown = string.Join(", ", stuck.Take(4)) + (stuck.Count > 4 ? $" and {stuck.Count - 4} more" : string.Empty);
        return new Sighting
        {
            Severity = FindingSeverity.Warning,
            FirstStep = step.Step,
            Summary = $"Trainable parameters do not change: {shown}.",
            Evidence = [new("still_parameters", stuck.Count, 0, step.Step, step.Step, $"Unchanged in {Samples} samples in a row: {shown}")],
        };
    }
}
