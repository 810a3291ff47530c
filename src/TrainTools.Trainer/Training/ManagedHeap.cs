namespace TrainTools.Trainer.Training;

/// <summary>
/// Keeps the managed heap of the loop small. The runtime lets its youngest generation grow to the size of the processor's
/// last cache, hundreds of megabytes on a server: each step's few hundred kilobytes of wrappers would pile up for a
/// thousand steps, and with them the native memory that they pin, and would look like a leak.
/// </summary>
public sealed class ManagedHeap
{
    /// <summary>Bytes allocated between two collections: some ten steps or more, so that a collection of a millisecond costs nothing.</summary>
    public const long Budget = 8 << 20;

    private long collectedAt = GC.GetTotalAllocatedBytes();

    /// <summary>Collects what is young where enough was allocated since the last time; true if it did.</summary>
    public bool Tidy()
    {
        if (GC.GetTotalAllocatedBytes() - collectedAt < Budget)
        {
            return false;
        }

        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        collectedAt = GC.GetTotalAllocatedBytes();
        return true;
    }
}
