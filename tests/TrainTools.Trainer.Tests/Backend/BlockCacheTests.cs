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
    public void NoBlockIsUsedForMuchLess()
    {
        var cache = Cache();
        var large = cache.Take(8 * Megabyte);
        cache.Return(large);
        Assert.NotEqual(large, cache.Take(6 * Megabyte));
    }

    [Fact]
    public void ForeignMemoryIsNotTaken() => Assert.False(Cache().Return(4096));

    [Fact]
    public void WhenTheSystemHasNothingLeftWhatIsKeptGoesBackFirst()
    {
        var cache = Cache();
        most = 10 * Megabyte;
        cache.Return(cache.Take(8 * Megabyte));
        Assert.NotEqual(0, cache.Take(4 * Megabyte));
        Assert.Equal((nuint)0, cache.KeptBytes);
        Assert.Equal(0, cache.Take(8 * Megabyte));
    }

    [Fact]
    public void InUseAndKeptAreTogetherNeverMoreThanWasInUseOnce() => Gen.Int[1, 40].Select(Gen.Int[0, 3]).Array[1, 200].Sample(requests =>
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
                held.Add((address, mapped[address]));
                Assert.True(mapped[address] >= (nuint)megabytes * Megabyte);
            }

            var used = held.Aggregate((nuint)0, (sum, h) => sum + h.Size);
            peak = nuint.Max(peak, used);
            var all = mapped.Values.Aggregate((nuint)0, (sum, size) => sum + size);
            Assert.Equal(all, used + cache.KeptBytes);
            Assert.True(all <= peak, $"{all} bytes mapped, {peak} in use at most");
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
        (address, size) => Assert.True(mapped.Remove(address, out var was) && was == size));
}
