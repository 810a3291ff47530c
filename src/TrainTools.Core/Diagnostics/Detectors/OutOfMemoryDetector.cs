using TrainTools.Core.Configuration;

namespace TrainTools.Core.Diagnostics.Detectors;

/// <summary>Memory ran out: the end of a run, or information where it goes on with smaller batches.</summary>
public sealed class OutOfMemoryDetector : IDetector
{
    /// <inheritdoc/>
    public string Symptom => Symptoms.OutOfMemory;

    /// <inheritdoc/>
    public Sighting? OnMemoryShortage(RunHistory history)
    {
        var shortage = history.Shortages[^1];
        var batch = $"{shortage.Rows} rows{(shortage.Columns > 0 ? $" of up to {shortage.Columns} tokens" : string.Empty)}";
        var where = shortage.InEvaluation ? $"in the evaluation after step {shortage.Step}" : $"at step {shortage.Step}";
        return new Sighting
        {
            Severity = shortage.GoesOn ? FindingSeverity.Info : FindingSeverity.Error,
            FirstStep = Math.Max(1, shortage.Step),
            Summary = $"Memory ran out {where}, in a batch of {batch}{(shortage.GoesOn ? $"; the run goes on with {shortage.Half} rows a batch" : " and the run ended there")}.",
            Evidence = [new("batch_rows", shortage.Rows, null, shortage.Step, shortage.Step, $"A batch of {batch} did not fit")],
        };
    }
}
