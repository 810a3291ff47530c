using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Batches come late, by a share of what a step takes.</summary>
internal sealed class SlowLoader : Fault
{
    public override string Name => "slow-loader";

    public override IReadOnlyList<string> Causes => [CauseIds.LoaderTooSlow];

    public override bool CanBeginLate => true;

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "a step hardly waits for its rows";
        var share = run.Pick(0.4, 0.8, 2.0);
        run.Delay = (step, usual) => step < run.Onset ? 0 : share * usual;
    }
}
