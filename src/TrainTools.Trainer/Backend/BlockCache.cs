namespace TrainTools.Trainer.Backend;

/// <summary>
/// Keeps freed memory for the next requests: a block of about the size, or a part of a larger one; blocks that lie side by side
/// become one. A training step asks for the same tensors again and
/// again; to the system each of them is fresh memory, whose pages have to be found and cleared one by one, on a virtual machine
/// a fifth of a step. What is in use and what is kept are together never more than was in use at one time and a sixty-fourth of
/// that: without it the gaps between blocks, a few megabytes, would cost the largest block its place in each step. The oldest goes
/// first. Safe to call from any thread; allocates no managed memory once it has grown to its size.
/// </summary>
/// <param name="map">Gets memory of the system, page-aligned; 0 = there is none.</param>
/// <param name="unmap">Gives it back, or some of its pages, or several that lie side by side.</param>
internal sealed class BlockCache(Func<nuint, nint> map, Action<nint, nuint> unmap)
{
    /// <summary>Smaller requests are left to the allocator, which is good at them.</summary>
    public const nuint Smallest = 1 << 20;

    private const nuint Grain = 64 << 10;
    private const nuint ShareWasted = 8;
    private const nuint ShareOfGaps = 64;
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
                Release(peakBytes + (peakBytes / ShareOfGaps / Grain * Grain) - usedBytes);
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
            KeptBytes += size;
            for (var i = kept.Count - 1; i >= 0; i--)
            {
                var (other, length) = kept[i];
                if (other + (nint)length == address || address + (nint)size == other)
                {
                    (address, size) = (nint.Min(address, other), size + length);
                    kept.RemoveAt(i);
                }
            }

            kept.Add((address, size));
            return true;
        }
    }

    // The smallest that is large enough: whole, if that wastes no more than an eighth, or its beginning.
    private (nint Address, nuint Size) Kept(nuint size)
    {
        var best = -1;
        for (var i = kept.Count - 1; i >= 0; i--)
        {
            if (kept[i].Size >= size && (best < 0 || kept[i].Size < kept[best].Size))
            {
                best = i;
            }
        }

        if (best < 0)
        {
            return (0, 0);
        }

        var (address, whole) = kept[best];
        if (whole <= size + (size / ShareWasted))
        {
            kept.RemoveAt(best);
            size = whole;
        }
        else
        {
            kept[best] = (address + (nint)size, whole - size);
        }

        KeptBytes -= size;
        return (address, size);
    }

    // Of the last block that goes, no more than must: its end. The limit is in whole pages.
    private void Release(nuint limit)
    {
        var count = 0;
        while (KeptBytes > limit)
        {
            var (address, size) = kept[count];
            var part = nuint.Min(size, KeptBytes - limit);
            KeptBytes -= part;
            unmap(address + (nint)(size - part), part);
            if (part < size)
            {
                kept[count] = (address, size - part);
                break;
            }

            count++;
        }

        kept.RemoveRange(0, count);
    }
}
