using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Full fine-tuning in which parts of the model are frozen.</summary>
internal sealed class FrozenByMistake : Fault
{
    public override string Name => "frozen";

    public override IReadOnlyList<string> Causes => [CauseIds.ParametersFrozen];

    public override bool Fits(Setting setting) => setting.Method == TrainingMethod.Full;

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "full fine-tuning trains every parameter";
        run.Frozen = run.Severity switch
        {
            1 => name => name.Contains(".0.", StringComparison.Ordinal),
            2 => name => name.Contains("layer", StringComparison.Ordinal) || name.Contains(".h.", StringComparison.Ordinal),
            _ => name => !name.Contains("norm", StringComparison.OrdinalIgnoreCase) && !name.Contains("ln_", StringComparison.Ordinal),
        };
    }
}
