using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>The records come in the order of a sorted file.</summary>
internal sealed class SortedData : Fault
{
    public override string Name => "data-sorted";

    public override IReadOnlyList<string> Causes => [CauseIds.DataNotShuffled];

    public override void Inject(Injection run)
    {
        run.Config = run.Config with { Data = run.Config.Data with { Shuffle = false } };
        Func<TrainingSample, double> key = run.Severity switch
        {
            1 => s => s.Length,
            2 => s => s.RowTargets?[0] ?? s.InputIds[Math.Min(2, s.Length - 1)],
            _ => s => s.RowTargets?[0] ?? s.Labels.Where(l => l != TrainingSample.Ignored).Average(),
        };
        run.Training = [.. run.Training.OrderBy(key).Select((s, i) => s with { RecordIndexes = [i] })];
    }
}
