using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>A high learning rate without warm-up.</summary>
internal sealed class NoWarmup : Fault
{
    public override string Name => "no-warmup";

    public override IReadOnlyList<string> Causes => [CauseIds.WarmupTooShort, CauseIds.LearningRateTooHigh];

    public override void Inject(Injection run)
    {
        run.ScaleRate(run.Pick(4, 8, 16));
        run.Config = run.Config with { Schedule = run.Config.Schedule with { WarmupSteps = 0, LrSchedulerType = LrSchedulerType.Linear } };
    }
}
