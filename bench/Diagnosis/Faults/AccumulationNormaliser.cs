using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Accumulated micro-batches that are not divided by the targets of the whole step.</summary>
internal sealed class AccumulationNormaliser : Fault
{
    public override string Name => "accumulation-normaliser";

    public override IReadOnlyList<string> Causes => [CauseIds.AccumulationNormaliser];

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "a step's gradient is the mean over its targets";
        run.Set("per_device_train_batch_size", "2");
        run.Set("gradient_accumulation_steps", run.Pick("2", "4", "4"));

        // The sum of the micro-batches' means; or the sum over all targets.
        run.GradientFactor = run.Severity switch
        {
            3 => (_, _, all) => all,
            _ => (_, own, all) => (double)all / own,
        };
    }
}
