using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Gradients in fp16 under a fixed loss scale that is too high: what exceeds 65,504 becomes infinity (simulated).</summary>
internal sealed class Fp16Overflow : Fault
{
    public override string Name => "fp16-overflow";

    public override IReadOnlyList<string> Causes => [CauseIds.PrecisionOverflow];

    public override bool CanBeginLate => true;

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "gradients are finite";
        run.Config = run.Config with { Runtime = run.Config.Runtime with { Precision = Precision.Fp16 } };
        var scale = Math.Pow(2, run.Pick(22, 26, 34));
        run.Fp16Scale = step => step < run.Onset ? null : scale;
    }
}
