using TrainTools.Core.Samples;

namespace TrainTools.Trainer.Training;

/// <summary>The micro-batches of one optimizer step.</summary>
/// <param name="Step">0-based step.</param>
/// <param name="Batches">The micro-batches.</param>
public sealed record StepBatches(int Step, IReadOnlyList<SampleBatch> Batches)
{
    /// <summary>Tokens without padding.</summary>
    public long Tokens => Batches.Sum(b => (long)b.Tokens);

    /// <summary>Records in the step.</summary>
    public IEnumerable<long> RecordIndexes => Batches.SelectMany(b => b.RecordIndexes);

    /// <summary>Rows without a supervised token; null where a batch has all its documents in one row or labels whole rows.</summary>
    public int? RowsWithoutTargets => Batches.Any(b => b.RowLengths is null || b.RowTargets is not null) ? null
        : Batches.Sum(b => b.Rows - b.TargetPositions.Select(p => p / b.Columns).Distinct().Count());
}
