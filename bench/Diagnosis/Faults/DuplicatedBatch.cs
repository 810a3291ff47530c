using TrainTools.Core.Diagnostics;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>The sampler gives the same batch again and again.</summary>
internal sealed class DuplicatedBatch : Fault
{
    public override string Name => "batch-duplicated";

    public override IReadOnlyList<string> Causes => [CauseIds.RecordsRepeated];

    public override bool CanBeginLate => true;

    public override void Inject(Injection run)
    {
        var share = run.Pick(0.5, 0.8, 1.0);
        StepBatches? stuck = null;
        run.Batches = window =>
        {
            if (window.Step < run.Onset)
            {
                return window;
            }

            stuck ??= window;
            return run.Random.NextDouble() < share ? stuck with { Step = window.Step } : window;
        };
    }
}
