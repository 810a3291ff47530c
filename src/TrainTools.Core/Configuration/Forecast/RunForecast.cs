namespace TrainTools.Core.Configuration;

/// <summary>What a run will need, before it starts.</summary>
public sealed record RunForecast
{
    /// <summary>Parameters in all; null if the model is not known.</summary>
    public long? TotalParameters { get; init; }

    /// <summary>Parameters that are trained.</summary>
    public long? TrainableParameters { get; init; }

    /// <summary>Optimizer steps; null where the records could not be counted.</summary>
    public int? Steps { get; init; }

    /// <summary>Epochs, as a fraction.</summary>
    public double? Epochs { get; init; }

    /// <summary>Records an epoch.</summary>
    public long? Records { get; init; }

    /// <summary>Rows an epoch: records, or packs of them.</summary>
    public int? Rows { get; init; }

    /// <summary>Tokens of the whole run.</summary>
    public double? Tokens { get; init; }

    /// <summary>Whether tokens are reckoned from the file's size because no record could be tokenized.</summary>
    public bool IsRough { get; init; }

    /// <summary>The device that <see cref="Memory"/> is reckoned for.</summary>
    public string? Device { get; init; }

    /// <summary>Memory at its peak; null if the model is not known.</summary>
    public MemoryForecast? Memory { get; init; }

    /// <summary>Bytes of one checkpoint.</summary>
    public long? CheckpointBytes { get; init; }

    /// <summary>Most bytes that the run folder takes at any time.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>Free bytes where the run folder will be; null if it is not chosen.</summary>
    public long? FreeDiskBytes { get; init; }

    /// <summary>Time of the run; null where nothing like it has been measured on this machine.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>What <see cref="Duration"/> was measured on.</summary>
    public string? DurationFrom { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Steps} steps, {Tokens:N0} tokens, {Memory?.Peak ?? "unknown"} of memory");
}
