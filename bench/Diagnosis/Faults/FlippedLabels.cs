using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>A share of the labels is wrong: another class, or another token.</summary>
internal sealed class FlippedLabels : Fault
{
    public override string Name => "labels-flipped";

    public override IReadOnlyList<string> Causes => [CauseIds.LabelNoise, CauseIds.LabelsUnrelated];

    public override void Inject(Injection run)
    {
        var share = run.Pick(0.1, 0.3, 0.5);
        var classes = run.Training[0].RowTargets is null ? 0 : (int)run.Training.Max(s => s.RowTargets![0]) + 1;
        run.Training = [.. run.Training.Select(s => Flip(s, share, classes, run.Random))];
    }

    private static TrainingSample Flip(TrainingSample sample, double share, int classes, Random random)
    {
        if (sample.RowTargets is { } targets)
        {
            return random.NextDouble() >= share ? sample : sample with { RowTargets = [((int)targets[0] + 1 + random.Next(classes - 1)) % classes] };
        }

        return sample with { Labels = [.. sample.Labels.Select(l => l == TrainingSample.Ignored || random.NextDouble() >= share ? l : random.Next(3, 512))] };
    }
}
