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
}
