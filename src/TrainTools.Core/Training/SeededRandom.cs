namespace TrainTools.Core.Training;

/// <summary>
/// A small random generator (SplitMix64) whose numbers depend on the seed alone: the same on every machine and in every
/// version of .NET, so that a run's order of rows can be had again from (seed, epoch).
/// </summary>
public sealed class SeededRandom
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong state;

    /// <summary>Starts a stream.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers are for: streams of different purposes are independent.</param>
    /// <param name="index">Epoch or step.</param>
    public SeededRandom(long seed, RandomPurpose purpose, long index = 0) => state = Derive(seed, purpose, index);

    /// <summary>A seed for another generator (torch's) from the run's seed, a purpose and an epoch or step.</summary>
    public static ulong Derive(long seed, RandomPurpose purpose, long index) =>
        Mix(Mix(Mix((ulong)seed + Gamma) ^ ((ulong)purpose * Gamma)) + ((ulong)index * Gamma));

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64() => Mix(state += Gamma);

    /// <summary>A number from 0 to below a bound, without bias.</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        var limit = ulong.MaxValue - (ulong.MaxValue % (ulong)bound);
        ulong value;
        do
        {
            value = NextUInt64();
        }
        while (value >= limit);
        return (int)(value % (ulong)bound);
    }

    /// <summary>A number in [0, 1).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Puts items in random order, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}

/// <summary>What random numbers are drawn for. The values are part of what a seed means: never change one.</summary>
public enum RandomPurpose
{
    /// <summary>Order of rows; index = epoch.</summary>
    RowOrder = 1,

    /// <summary>Rows held out for validation.</summary>
    ValidationSplit = 2,

    /// <summary>Dropout; index = step.</summary>
    Dropout = 3,

    /// <summary>Noise on embeddings; index = step.</summary>
    EmbeddingNoise = 4,

    /// <summary>Fresh parameters (adapters, heads).</summary>
    Initialization = 5,

    /// <summary>Sampled generation; index = request.</summary>
    Generation = 6,

    /// <summary>Order of rows within a curriculum; index = epoch.</summary>
    Curriculum = 7,

    /// <summary>Tokens hidden from a masked language model; index = hash of the row and the step.</summary>
    Masking = 8,

    /// <summary>Hash functions that find near duplicates.</summary>
    MinHash = 20,

    /// <summary>Which records go to which side of a split.</summary>
    DatasetSplit = 21,

    /// <summary>Folds of cross-validation.</summary>
    CrossValidation = 22,

    /// <summary>Noise planted to score the checks.</summary>
    PlantedNoise = 23,
}
