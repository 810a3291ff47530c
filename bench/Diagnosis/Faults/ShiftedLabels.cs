using TrainTools.Core.Diagnostics;
using TrainTools.Core.Samples;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Labels stand one place off: the model is to copy its input, to predict the token after the next, or the one after that.</summary>
internal sealed class ShiftedLabels : Fault
{
    public override string Name => "labels-shifted";

    public override IReadOnlyList<string> Causes => [CauseIds.LabelsMisaligned, CauseIds.LabelsUnrelated, CauseIds.TokenizerMismatch, CauseIds.AnswerLeaks];

    public override bool Fits(Setting setting) => !Bases.IsClassifier(setting.Family);

    public override void Inject(Injection run)
    {
        var shift = run.Pick(2, 1, -1);
        run.Training = [.. run.Training.Select(s => Shift(s, shift))];
    }

    private static TrainingSample Shift(TrainingSample sample, int shift) => sample with
    {
        Labels = [.. sample.Labels.Select((l, i) => l == TrainingSample.Ignored || i + shift < 0 || i + shift >= sample.Length ? TrainingSample.Ignored : sample.InputIds[i + shift])],
    };
}
