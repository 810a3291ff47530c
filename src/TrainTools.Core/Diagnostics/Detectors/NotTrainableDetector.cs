using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>The method says that everything is trained, and not everything is.</summary>
public sealed class NotTrainableDetector : IDetector
{
    /// <summary>Share of the parameters that may be left out: buffers and tables of positions.</summary>
    public const double Allowance = 0.001;

    private bool done;

    /// <inheritdoc/>
    public string Symptom => Symptoms.NotTrainable;

    /// <inheritdoc/>
    public void Reset() => done = false;

    /// <inheritdoc/>
    public Sighting? OnStep(RunHistory history)
    {
        if (done)
        {
            return null;
        }

        done = true;
        if (history.Facts is not { Method: { } method, TrainableParameters: { } trainable, TotalParameters: > 0 and { } total })
        {
            return null;
        }

        var frozen = 1 - ((double)trainable / total);
        var wrong = method == TrainingMethod.Full ? frozen > Allowance : trainable == 0;
        return !wrong ? null : new Sighting
        {
            Severity = trainable == 0 ? FindingSeverity.Error : FindingSeverity.Warning,
            FirstStep = history.FirstStep,
            Summary = trainable == 0 ? "Not a single parameter is trained." : $"{Figure.Percent(frozen)} of the parameters are frozen, though finetuning_type is full.",
            Evidence = [new("trainable_parameters", trainable, total, history.FirstStep, history.FirstStep, $"Trained: {ConfigText.Count(trainable)} of {ConfigText.Count(total)} parameters")],
        };
    }
}
