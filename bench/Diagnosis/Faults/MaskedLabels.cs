using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>The labels of a share of the rows, or of all, are masked.</summary>
internal sealed class MaskedLabels : Fault
{
    public override string Name => "labels-masked";

    public override IReadOnlyList<string> Causes => [CauseIds.LabelsMasked];

    public override bool CanBeginLate => true;

    public override bool Fits(Setting setting) => !Bases.IsClassifier(setting.Family);

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "rows have supervised tokens";
        var share = run.Pick(0.5, 0.9, 1.0);
        run.Batches = window => window.Step < run.Onset ? window : window with { Batches = [.. window.Batches.Select(b => Mask(b, share, run.Random))] };
    }

    private static SampleBatch Mask(SampleBatch batch, double share, Random random)
    {
        var rows = Enumerable.Range(0, batch.Rows).Where(_ => random.NextDouble() < share).ToHashSet();
        bool Kept(long position) => !rows.Contains((int)(position / batch.Columns));
        return batch with
        {
            Labels = [.. batch.Labels.Select((l, i) => Kept(i) ? l : TrainingSample.Ignored)],
            TargetPositions = [.. batch.TargetPositions.Where(Kept)],
            TargetIds = [.. batch.TargetIds.Where((_, i) => Kept(batch.TargetPositions[i]))],
        };
    }
}
