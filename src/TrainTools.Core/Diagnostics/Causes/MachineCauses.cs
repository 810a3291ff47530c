namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>Memory is not given back.</summary>
internal sealed class MemoryLeak : ICause
{
    public string Id => CauseIds.MemoryLeak;

    public string Title => "Memory is held step after step";

    public CauseOpinion? Consider(CauseContext context) => new(0.7, "It grows evenly, whatever the rows.", CauseContext.Do("Look for tensors kept across steps (losses added up with their graph, metrics kept as tensors); until it is found, save often and resume."));
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
