namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>A batch does not fit into memory.</summary>
internal sealed class BatchTooLarge : ICause
{
    public string Id => CauseIds.BatchTooLarge;

    public string Title => "The batch is too large for the memory there is";

    public CauseOpinion? Consider(CauseContext context)
    {
        if (context.History.Shortages is not [.., var shortage])
        {
            return null;
        }

        var remedies = new List<DiagnosisRemedy>();
        if (shortage.RowsAtATime > 1)
        {
            remedies.Add(shortage.InEvaluation
                ? context.Change($"Evaluate {shortage.Half} rows at a time.", ("per_device_eval_batch_size", shortage.Half))
                : context.Change(
                    "Fewer rows a batch, and more batches accumulated: the same steps.",
                    ("per_device_train_batch_size", shortage.Half), ("gradient_accumulation_steps", (context.Facts.Accumulation ?? 1) * shortage.Factor)));
            remedies.Add(context.Change("Let the run find the size itself.", ("auto_find_batch_size", true)));
        }

        if (!shortage.InEvaluation && context.Facts.Config?.Batch.GradientCheckpointing != true)
        {
            remedies.Add(context.Change("Compute activations again instead of keeping them: about a third more time.", ("gradient_checkpointing", true)));
        }

        remedies.Add(CauseContext.Do("Lower max_length, or train adapters (finetuning_type: lora)."));
        return new CauseOpinion(0.9, $"{shortage.RowsAtATime} rows{(shortage.Columns > 0 ? $" of up to {shortage.Columns} tokens" : string.Empty)} at a time were more than fits.", [.. remedies]);
    }
}

/// <summary>Memory is not given back.</summary>
internal sealed class MemoryLeak : ICause
{
    public string Id => CauseIds.MemoryLeak;

    public string Title => "Memory is held step after step";

    public CauseOpinion? Consider(CauseContext context) => context.Symptom == Symptoms.OutOfMemory && !context.Has(Symptoms.MemoryGrowth) ? null : new(0.7, "It grows evenly, whatever the rows.", CauseContext.Do("Look for tensors kept across steps (losses added up with their graph, metrics kept as tensors); until it is found, save often and resume."));
}

/// <summary>The next batch is not ready in time.</summary>
internal sealed class LoaderTooSlow : ICause
{
    public string Id => CauseIds.LoaderTooSlow;

    public string Title => "The data comes too slowly";

    public CauseOpinion? Consider(CauseContext context)
    {
        var share = context.Sighting.Evidence.FirstOrDefault(e => e.Signal == "data_wait_share")?.Value ?? RobustStatistics.Median(context.RecentSteps(100).Where(s => s.DataSeconds is not null && s.StepSeconds > 0).Select(s => s.DataSeconds!.Value / s.StepSeconds).ToArray());
        return double.IsNaN(share) ? new CauseOpinion(0.2, "The log does not say how long steps wait for data.", CauseContext.Do("Prepare the samples before the run, on a local disk."))
            : share < 0.05 ? null
            : new CauseOpinion(share > 0.2 ? 0.9 : 0.4, $"A step waits for its rows for {Figure.Percent(share)} of its time.", CauseContext.Do("Keep the data on a local disk and prepare the samples before the run."));
    }
}

/// <summary>Something else uses the machine.</summary>
internal sealed class MachineBusy : ICause
{
    public string Id => CauseIds.MachineBusy;

    public string Title => "The machine is busy, hot or swapping";

    public CauseOpinion? Consider(CauseContext context)
    {
        var evidence = context.Sighting.Evidence.FirstOrDefault(e => e.Signal == "tokens_per_cpu_second");
        var (support, reason) = evidence is null ? (0.5, "The same work takes longer than it did.")
            : evidence.Value > evidence.Threshold ? (0.9, "A token takes about as much processor time as before, but more time on the clock: the process waits for the machine.")
            : (0.2, "A token takes more processor time than before as well.");
        return new CauseOpinion(support, reason, CauseContext.Do("Look at what else runs, at the clock rates and temperatures, and at swapping."));
    }
}
