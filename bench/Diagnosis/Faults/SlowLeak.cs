using TrainTools.Core.Diagnostics;

namespace TrainTools.Bench.Diagnosis.Faults;

/// <summary>Each step keeps some memory for good.</summary>
internal sealed class SlowLeak : Fault
{
    public override string Name => "memory-leak";

    public override IReadOnlyList<string> Causes => [CauseIds.MemoryLeak];

    public override void Inject(Injection run)
    {
        run.BrokenInvariant = "a step gives its memory back";
        var bytes = run.Pick(256, 512, 1024) * 1024;
        run.Leak = _ => bytes;

        // What is slow needs a run that is long enough to tell it from memory that fills up and stays.
        run.Set("max_steps", Math.Max(340, run.Config.Duration.MaxSteps!.Value));
    }
}
