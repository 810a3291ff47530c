using TrainTools.Core.Configuration;

namespace TrainTools.Bench.Diagnosis;

/// <summary>Sound runs, and odd ones that are sound all the same. "reference" is what faulty runs are compared with.</summary>
internal static class HealthyVariants
{
    public const string Reference = "reference";

    public static IReadOnlyList<(string Name, Func<Setting, bool> Fits, Action<Injection> Change)> All { get; } =
    [
        (Reference, _ => true, _ => { }),
        ("rate-third", _ => true, run => run.ScaleRate(0.33)),
        ("rate-two-thirds", _ => true, run => run.ScaleRate(0.67)),
        ("tiny-batch", _ => true, run => { run.Set("per_device_train_batch_size", 2); run.ScaleRate(0.5); }),
        ("batch-one", _ => true, run => { run.Set("per_device_train_batch_size", 1); run.ScaleRate(0.3); }),
        ("large-batch", _ => true, run => run.Set("per_device_train_batch_size", 24)),
        ("accumulation", _ => true, run => { run.Set("per_device_train_batch_size", 2); run.Set("gradient_accumulation_steps", 4); }),
        ("packing", s => !Bases.IsClassifier(s.Family), Pack),
        ("curriculum", _ => true, run => run.Config = run.Config with { Data = run.Config.Data with { Curriculum = true } }),
        ("warm-restarts", _ => true, run => run.Config = run.Config with { Schedule = run.Config.Schedule with { LrSchedulerType = LrSchedulerType.CosineWithRestarts, NumCycles = 3 } }),
        ("constant-rate", _ => true, run => run.Config = run.Config with { Schedule = run.Config.Schedule with { LrSchedulerType = LrSchedulerType.ConstantWithWarmup } }),
        ("linear-decay", _ => true, run => run.Config = run.Config with { Schedule = run.Config.Schedule with { LrSchedulerType = LrSchedulerType.Linear } }),
        ("many-epochs", _ => true, run => { run.Training = run.Training[..Math.Min(160, run.Training.Count)]; run.ScaleRate(0.2); }),
        ("small-data", _ => true, run => { run.Training = run.Training[..Math.Min(96, run.Training.Count)]; run.ScaleRate(0.1); }),
        ("dropout", _ => true, run => run.Config = run.Config with { Model = run.Config.Model with { AttentionDropout = 0.1, HiddenDropout = 0.1 } }),
        ("tight-clip", _ => true, run => run.Set("max_grad_norm", "0.3")),
        ("no-clip", _ => true, run => run.Set("max_grad_norm", "0")),
        ("weight-decay", _ => true, run => run.Set("weight_decay", "0.1")),
    ];

    // Two rows in one, each a document of its own.
    private static void Pack(Injection run)
    {
        run.Training = [.. run.Training.Chunk(2).Where(c => c.Length == 2).Select(pair => pair[0] with
        {
            InputIds = [.. pair[0].InputIds, .. pair[1].InputIds],
            Labels = [.. pair[0].Labels, .. pair[1].Labels],
            DocumentLengths = [pair[0].Length, pair[1].Length],
            RecordIndexes = [pair[0].RecordIndexes[0], pair[1].RecordIndexes[0]],
        })];
        run.Config = run.Config with { Data = run.Config.Data with { Packing = true } };
        run.Set("per_device_train_batch_size", 4);
    }
}
