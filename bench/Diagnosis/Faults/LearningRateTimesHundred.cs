using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>A learning rate some hundred times the right one.</summary>
internal sealed class LearningRateTimesHundred : Fault
{
    public override string Name => "lr-x100";

    public override IReadOnlyList<string> Causes => [CauseIds.LearningRateTooHigh];

    public override void Inject(Injection run) => run.ScaleRate(run.Pick(50, 100, 300));
}
