using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Dropout far above what a model can bear.</summary>
internal sealed class DropoutTooHigh : Fault
{
    public override string Name => "dropout-0.9";

    public override IReadOnlyList<string> Causes => [CauseIds.DropoutTooHigh];

    public override void Inject(Injection run)
    {
        var rate = run.Pick(0.5, 0.7, 0.9);
        run.Config = run.Config with { Model = run.Config.Model with { AttentionDropout = rate, HiddenDropout = rate } };
    }
}
