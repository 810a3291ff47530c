using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Few records, over and over.</summary>
internal sealed class SmallSetByHeart : Fault
{
    public override string Name => "overfitting";

    public override IReadOnlyList<string> Causes => [CauseIds.Overfitting];

    public override void Inject(Injection run) => run.Training = [.. run.Training.Take(run.Pick(64, 32, 16))];
}
