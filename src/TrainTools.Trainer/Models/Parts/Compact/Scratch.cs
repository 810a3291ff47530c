using System.Runtime.InteropServices;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>A thread's room for what lives within one task. It grows to the largest task and is kept.</summary>
internal sealed unsafe class Scratch
{
    [ThreadStatic]
    private static Scratch? mine;

    private float* start;
    private nuint length;

    ~Scratch() => NativeMemory.AlignedFree(start);

    /// <summary>Room for that many numbers on this thread, on a cache line's boundary, filled with whatever was there.</summary>
    public static float* Room(long count)
    {
        var scratch = mine ??= new Scratch();
        if (scratch.length < (nuint)count)
        {
            NativeMemory.AlignedFree(scratch.start);
            scratch.start = null;
            scratch.length = 0;
            scratch.start = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
            scratch.length = (nuint)count;
        }

        return scratch.start;
    }

    /// <summary>A count of numbers that whole cache lines hold.</summary>
    public static int Lines(int count) => (count + 15) & ~15;
}
