namespace TrainTools.Trainer.Training;

/// <summary>The memory of this process.</summary>
public static class ProcessMemory
{
    /// <summary>
    /// Resident bytes, less what is garbage and only waits for the next collection: that comes and goes in waves of tens of
    /// megabytes, and a leak would not be told from it.
    /// </summary>
    public static long Resident()
    {
        var garbage = Math.Max(0, GC.GetTotalMemory(forceFullCollection: false) - GC.GetGCMemoryInfo().HeapSizeBytes);
        return Environment.WorkingSet - garbage;
    }
}
