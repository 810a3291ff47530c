using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>An untrained model of one narrow layer.</summary>
internal sealed class ModelTooSmall : Fault
{
    public override string Name => "model-too-small";

    public override IReadOnlyList<string> Causes => [CauseIds.ModelTooSmall];

    public override bool Fits(Setting setting) => setting.Method == TrainingMethod.Full && !Bases.IsClassifier(setting.Family);

    public override void Inject(Injection run) => run.TinyModel = run.Pick(16, 8, 2);
}
