using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>
/// A long record of noise, other noise each time it is read, that makes a batch of its own, trained on without clipping. It
/// comes once an epoch or more often.
/// </summary>
internal sealed class PoisonedRecord : Fault
{
    public override string Name => "record-poisoned";

    public override IReadOnlyList<string> Causes => [CauseIds.BadRecords, CauseIds.ClippingOff];

    public override bool CanBeginLate => true;

    public override void Inject(Injection run)
    {
        run.Config = run.Config with { Optimization = run.Config.Optimization with { MaxGradNorm = 0 } };
        var every = run.Pick(60, 20, 6);
        run.Batches = window => window.Step < run.Onset || (window.Step - run.Onset) % every != 0
            ? window
            : window with { Batches = [run.Collator.Collate([Poison(run)])] };
    }

    private static TrainingSample Poison(Injection run)
    {
        int[] ids = [.. Enumerable.Range(0, DataSets.MaxLength).Select(_ => run.Random.Next(3, 512))];
        return run.Training[0] with
        {
            InputIds = ids,
            Labels = run.Training[0].RowTargets is null ? ids : [.. ids.Select(_ => TrainingSample.Ignored)],
            RecordIndexes = [run.Training.Count],
        };
    }
}
