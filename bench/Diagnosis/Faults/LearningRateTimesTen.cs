using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>A learning rate some ten times the right one.</summary>
internal sealed class LearningRateTimesTen : Fault
{
    public override string Name => "lr-x10";

    public override IReadOnlyList<string> Causes => [CauseIds.LearningRateTooHigh];

    public override void Inject(Injection run) => run.ScaleRate(run.Pick(5, 10, 20));
}
