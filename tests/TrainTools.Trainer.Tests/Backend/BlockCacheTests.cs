using System.Runtime.InteropServices;
using CsCheck;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests.Backend;

/// <summary>What is kept for later, and how much of it.</summary>
public sealed class BlockCacheTests
{
    private const nuint Megabyte = 1 << 20;
    private readonly Dictionary<nint, nuint> mapped = [];
    private nuint most = nuint.MaxValue;
    private nint next = 1 << 30;

    [Fact]
    public void AFreedBlockIsGivenOutAgain()
    {
        var cache = Cache();
        var first = cache.Take(3 * Megabyte);
        Assert.True(cache.Return(first));
        Assert.Equal(first, cache.Take((3 * Megabyte) - 100));
        Assert.Single(mapped);
    }

    [Fact]
    public void OfALargeBlockAPartIsGivenAndTheRestIsKept()
    {
        var cache = Cache();
        var large = cache.Take(8 * Megabyte);
        cache.Return(large);
        var first = cache.Take(5 * Megabyte);
        var second = cache.Take(3 * Megabyte);
        Assert.Equal((large, large + (nint)(5 * Megabyte)), (first, second));
        Assert.Equal((nuint)0, cache.KeptBytes);
        Assert.Equal(8 * Megabyte, Mapped);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(0, 2, 1)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 0, 2)]
    public void PartsBecomeOneBlockAgain(int a, int b, int c)
    {
        var cache = Cache();
        var large = cache.Take(9 * Megabyte);
        cache.Return(large);
        nint[] parts = [cache.Take(2 * Megabyte), cache.Take(3 * Megabyte), cache.Take(4 * Megabyte)];
        foreach (var i in (int[])[a, b, c])
        {
            Assert.True(cache.Return(parts[i]));
        }

        Assert.Equal(large, cache.Take(9 * Megabyte));
        Assert.Equal(9 * Megabyte, Mapped);
    }

    [Fact]
    public void NoMoreIsGivenBackThanMustBe()
    {
        var cache = Cache();
        cache.Return(cache.Take(8 * Megabyte));
        cache.Take(10 * Megabyte); // more than ever: of the eight no more stays than the gaps may be
        Assert.Equal((nuint)(128 << 10), cache.KeptBytes); // a sixty-fourth, in pieces of 64 KB
        var other = Cache();
        var held = other.Take(20 * Megabyte);
        var block = other.Take(8 * Megabyte);
        other.Return(block);
        other.Return(held);
        Assert.NotEqual(0, other.Take(21 * Megabyte));
        Assert.Equal((7 * Megabyte) + (28 * Megabyte / 64), other.KeptBytes);
    }

    [Fact]
    public void AGapBetweenBlocksDoesNotCostNewMemoryInEachStep()
    {
        // The small block's place is free while all others are in use: with nothing to spare, it would be given back and asked for anew for ever.
        var cache = Cache();
        var asked = new List<nint>();
        for (var step = 0; step < 5; step++)
        {
            var small = cache.Take(2 * Megabyte);
            List<nint> held = [cache.Take(5 * Megabyte)];
            cache.Return(small);
            held.AddRange([cache.Take(150 * Megabyte), cache.Take(8 * Megabyte)]);
            held.ForEach(h => cache.Return(h));
            asked.Add(next);
        }

        Assert.All(asked, a => Assert.Equal(asked[0], a));
    }

    [Fact]
    public void ForeignMemoryIsNotTaken() => Assert.False(Cache().Return(4096));

    [Fact]
    public void WhenTheSystemHasNothingLeftWhatIsKeptGoesBackFirst()
    {
        var cache = Cache();
        most = 10 * Megabyte;
        cache.Return(cache.Take(4 * Megabyte));
        Assert.NotEqual(0, cache.Take(8 * Megabyte));
        Assert.Equal((nuint)0, cache.KeptBytes);
        Assert.Equal(0, cache.Take(8 * Megabyte));
    }

    [Fact]
    public void InUseAndKeptAreTogetherHardlyMoreThanWasInUseOnce() => Gen.Int[1, 40].Select(Gen.Int[0, 3]).Array[1, 200].Sample(requests =>
    {
        mapped.Clear();
        var cache = Cache();
        var held = new List<(nint Address, nuint Size)>();
        nuint peak = 0;
        foreach (var (megabytes, what) in requests)
        {
            if (what == 0 && held.Count > 0)
            {
                Assert.True(cache.Return(held[0].Address));
                held.RemoveAt(0);
            }
            else
            {
                var address = cache.Take((nuint)megabytes * Megabyte);
                Assert.DoesNotContain(held, h => h.Address == address);
                held.Add((address, (nuint)megabytes * Megabyte));
            }

            // All of what is held is there, nothing of it twice; what is given is more than was asked for by an eighth at most.
            Assert.All(held, h => Assert.Contains(mapped, m => m.Key <= h.Address && h.Address + (nint)h.Size <= m.Key + (nint)m.Value));
            Assert.All(held.OrderBy(h => h.Address).Zip(held.OrderBy(h => h.Address).Skip(1)), p => Assert.True(p.First.Address + (nint)p.First.Size <= p.Second.Address));
            var used = Mapped - cache.KeptBytes;
            var asked = held.Aggregate((nuint)0, (sum, h) => sum + h.Size);
            Assert.InRange(used, asked, asked + (asked / 8));
            peak = nuint.Max(peak, used);
            Assert.True(Mapped <= peak + (peak / 64), $"{Mapped} bytes mapped, {peak} in use at most");
        }
    }, threads: 1);

    [Fact]
    public void C10sImportsAreFound()
    {
        TorchBackend.Initialize();
        if (!OperatingSystem.IsLinux())
        {
            return; // There is no such file elsewhere.
        }

        var c10 = TorchBackend.Initialize().Libraries.Single(l => l.Name == "c10").Path;
        var slots = ElfFile.Parse(File.ReadAllBytes(c10)).JumpSlots().Select(s => s.Symbol).ToList();
        Assert.Single(slots, "posix_memalign");
        Assert.Single(slots, "free");
        Assert.True(NativeLibrary.TryLoad("libc.so.6", out _));
    }

    private BlockCache Cache() => new(
        size =>
        {
            if (mapped.Values.Aggregate(size, (sum, s) => sum + s) > most)
            {
                return 0;
            }

            next += (nint)(64 * Megabyte);
            mapped[next] = size;
            return next;
        },
        Unmap);

    private nuint Mapped => mapped.Values.Aggregate((nuint)0, (sum, size) => sum + size);

    // As the system does: any part of what is mapped, in whole pages.
    private void Unmap(nint address, nuint size)
    {
        Assert.Equal((0, 0), (address % 4096, (nint)size % 4096));
        var (start, length) = mapped.Single(m => m.Key <= address && address + (nint)size <= m.Key + (nint)m.Value);
        mapped.Remove(start);
        if (address > start)
        {
            mapped[start] = (nuint)(address - start);
        }

        var end = address + (nint)size;
        if (end < start + (nint)length)
        {
            mapped[end] = (nuint)(start + (nint)length - end);
        }
    }
}
