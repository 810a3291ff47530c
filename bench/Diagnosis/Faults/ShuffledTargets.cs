using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>The targets of a share of the rows are those of other rows.</summary>
internal sealed class ShuffledTargets : Fault
{
    public override string Name => "targets-shuffled";

    public override IReadOnlyList<string> Causes => [CauseIds.LabelsUnrelated, CauseIds.LabelNoise];

    public override void Inject(Injection run)
    {
        var share = run.Pick(0.4, 0.7, 1.0);
        int[] rows = [.. Enumerable.Range(0, run.Training.Count).Where(_ => run.Random.NextDouble() < share)];
        var from = rows.ToArray();
        run.Random.Shuffle(from);
        var source = run.Training.ToArray();
        for (var i = 0; i < rows.Length; i++)
        {
            run.Training[rows[i]] = Take(source[rows[i]], source[from[i]]);
        }
    }

    // The supervised tokens in the order they have there, at the places they have here, over and over.
    private static TrainingSample Take(TrainingSample row, TrainingSample other)
    {
        if (row.RowTargets is not null)
        {
            return row with { RowTargets = other.RowTargets };
        }

        int[] targets = [.. other.Labels.Where(l => l != TrainingSample.Ignored)];
        var next = 0;
        return row with { Labels = [.. row.Labels.Select(l => l == TrainingSample.Ignored ? l : targets[next++ % targets.Length])] };
    }
}
