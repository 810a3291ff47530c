using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Rows of the training file in the validation file.</summary>
internal sealed class TrainingFileAsValidation : Fault
{
    public override string Name => "train-as-validation";

    public override IReadOnlyList<string> Causes => [CauseIds.EvaluationInTraining];

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "validation rows are not training rows";
        var share = run.Pick(0.2, 0.5, 1.0);
        run.Validation = [.. run.Validation.Select((row, i) => i < share * run.Validation.Count ? run.Training[i] : row)];
    }
}
