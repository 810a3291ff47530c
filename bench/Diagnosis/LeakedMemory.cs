using System.IO.MemoryMappedFiles;

namespace TrainTools.Bench.Diagnosis;

/// <summary>Memory outside .NET that is kept until the trial ends; mapped, so that what an earlier trial gave back is not used again.</summary>
internal sealed class LeakedMemory : IDisposable
{
    private readonly List<IDisposable> kept = [];

    public void Keep(int bytes)
    {
        if (bytes <= 0)
        {
            return;
        }

        var memory = MemoryMappedFile.CreateNew(null, bytes);
        var view = memory.CreateViewAccessor();
        for (var at = 0; at < bytes; at += 4096)
        {
            view.Write(at, (byte)1);
        }

        kept.Add(view);
        kept.Add(memory);
    }

    public void Dispose()
    {
        kept.ForEach(k => k.Dispose());
        kept.Clear();
    }
}
