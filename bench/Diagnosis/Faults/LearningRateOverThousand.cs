using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>A learning rate a thousandth of the right one.</summary>
internal sealed class LearningRateOverThousand : Fault
{
    public override string Name => "lr-div1000";

    public override IReadOnlyList<string> Causes => [CauseIds.LearningRateTooLow];

    public override void Inject(Injection run) => run.ScaleRate(run.Pick(1e-2, 1e-3, 1e-4));
}
