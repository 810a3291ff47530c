using System.Runtime.InteropServices;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>A thread's room for what lives within one task, or within one loop that it started. It grows to the largest and is kept.</summary>
internal sealed unsafe class Scratch
{
    [ThreadStatic]
    private static Scratch? mine;

    [ThreadStatic]
    private static Scratch? loops;

    private float* start;
    private nuint length;

    ~Scratch() => NativeMemory.AlignedFree(start);

    /// <summary>Room for that many numbers on this thread, on a cache line's boundary, filled with whatever was there.</summary>
    public static float* Room(long count) => (mine ??= new Scratch()).Grown(count);

    /// <summary>The same for a loop that this thread starts: its tasks share it, whichever threads they are on.</summary>
    public static float* LoopRoom(long count) => (loops ??= new Scratch()).Grown(count);

    /// <summary>A count of numbers that whole cache lines hold.</summary>
    public static int Lines(int count) => (count + 15) & ~15;

    private float* Grown(long count)
    {
        if (length < (nuint)count)
        {
            NativeMemory.AlignedFree(start);
            start = null;
            length = 0;
            start = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
            length = (nuint)count;
        }

        return start;
    }
}
