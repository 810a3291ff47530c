using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Gradients clipped to next to nothing. AdamW divides the scale out again, down to its epsilon.</summary>
internal sealed class ClippingTooTight : Fault
{
    public override string Name => "clip-1e-4";

    public override IReadOnlyList<string> Causes => [CauseIds.ClippingTooTight];

    public override void Inject(Injection run) => run.Set("max_grad_norm", run.Pick("1e-4", "1e-6", "1e-8"));
}
