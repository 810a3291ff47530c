using System.Diagnostics;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Keeps the managed heap of the loop small. The runtime lets its youngest generation grow to the size of the processor's
/// last cache, hundreds of megabytes on a server: each step's few hundred kilobytes of wrappers would pile up for a
/// thousand steps, and with them the native memory that they pin, and would look like a leak. What is pinned is small but lies
/// between freed tensors, which then cannot be used again: the native heap of a LoRA run grew by 20 MB a step until a collection.
/// </summary>
public sealed class ManagedHeap
{
    /// <summary>Bytes allocated between two collections at most.</summary>
    public const long Budget = 8 << 20;

    /// <summary>Time between two collections at most: a collection takes about a millisecond, so that it costs nothing.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private long collectedAt = GC.GetTotalAllocatedBytes();
    private long collectedOn = Stopwatch.GetTimestamp();

    /// <summary>Collects what is young where enough was allocated, or enough time has passed, since the last time; true if it did.</summary>
    public bool Tidy()
    {
        if (GC.GetTotalAllocatedBytes() - collectedAt < Budget && Stopwatch.GetElapsedTime(collectedOn) < Interval)
        {
            return false;
        }

        GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        (collectedAt, collectedOn) = (GC.GetTotalAllocatedBytes(), Stopwatch.GetTimestamp());
        return true;
    }
}
