namespace TrainTools.Trainer.Backend;

/// <summary>
/// Keeps freed memory for the next request of about the same size. A training step asks for the same tensors again and
/// again; to the system each of them is fresh memory, whose pages have to be found and cleared one by one, on a virtual machine
/// a fifth of a step. What is in use and what is kept are together never more than was in use at one time: keeping costs
/// nothing at the peak. The oldest goes first. Safe to call from any thread; allocates no managed memory once it has grown to
/// its size.
/// </summary>
/// <param name="map">Gets memory of the system, page-aligned; 0 = there is none.</param>
/// <param name="unmap">Gives it back.</param>
internal sealed class BlockCache(Func<nuint, nint> map, Action<nint, nuint> unmap)
{
    /// <summary>Smaller requests are left to the allocator, which is good at them.</summary>
    public const nuint Smallest = 1 << 20;

    private const nuint Grain = 64 << 10;
    private const nuint ShareWasted = 8;
    private readonly Lock gate = new();
    private readonly Dictionary<nint, nuint> used = new(4096);
    private readonly List<(nint Address, nuint Size)> kept = new(4096);
    private nuint usedBytes;
    private nuint peakBytes;

    /// <summary>Bytes that are kept for later.</summary>
    public nuint KeptBytes { get; private set; }

    /// <summary>Page-aligned memory of at least that many bytes; 0 = there is none, even after everything kept was given back.</summary>
    public nint Take(nuint bytes)
    {
        var size = (bytes + Grain - 1) / Grain * Grain;
        lock (gate)
        {
            var (address, actual) = Kept(size);
            if (address == 0)
            {
                address = map(size);
                actual = size;
                if (address == 0)
                {
                    Release(0);
                    address = map(size);
                }
            }

            if (address != 0)
            {
                used[address] = actual;
                usedBytes += actual;
                peakBytes = nuint.Max(peakBytes, usedBytes);
                Release(peakBytes - usedBytes);
            }

            return address;
        }
    }

    /// <summary>Takes memory back; false where it was not given out here.</summary>
    public bool Return(nint address)
    {
        lock (gate)
        {
            if (!used.Remove(address, out var size))
            {
                return false;
            }

            usedBytes -= size;
            kept.Add((address, size));
            KeptBytes += size;
            return true;
        }
    }

    // The best fit, and never one that would waste more than an eighth.
    private (nint Address, nuint Size) Kept(nuint size)
    {
        var best = -1;
        for (var i = kept.Count - 1; i >= 0; i--)
        {
            var candidate = kept[i].Size;
            if (candidate >= size && candidate <= size + (size / ShareWasted) && (best < 0 || candidate < kept[best].Size))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return (0, 0);
        }

        var block = kept[best];
        kept.RemoveAt(best);
        KeptBytes -= block.Size;
        return block;
    }

    private void Release(nuint limit)
    {
        var count = 0;
        while (KeptBytes > limit)
        {
            var (address, size) = kept[count++];
            KeptBytes -= size;
            unmap(address, size);
        }

        kept.RemoveRange(0, count);
    }
}
