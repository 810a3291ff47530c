namespace TrainTools.Core.Configuration;

/// <summary>One part of the memory that a run needs at its peak.</summary>
/// <param name="Name">What it is ("weights").</param>
/// <param name="Bytes">Size.</param>
/// <param name="From">How it was reckoned ("61 M parameters x 4 bytes").</param>
public sealed record MemoryPart(string Name, long Bytes, string From)
{
    /// <summary>The size for people.</summary>
    public string Size => ConfigText.Bytes(Bytes);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {Size}";
}

/// <summary>The memory that a run needs at its peak, by part.</summary>
/// <param name="Parts">The parts that are there at the peak's moment.</param>
/// <param name="Moment">When the peak is ("the backward pass of a step's last micro-batch").</param>
/// <param name="AvailableBytes">Memory of the device; null if not known.</param>
public sealed record MemoryForecast(IReadOnlyList<MemoryPart> Parts, string Moment, long? AvailableBytes)
{
    /// <summary>The peak.</summary>
    public long PeakBytes => Parts.Sum(p => p.Bytes);

    /// <summary>The peak for people.</summary>
    public string Peak => ConfigText.Bytes(PeakBytes);

    /// <inheritdoc/>
    public override string ToString() => $"{Peak}: {string.Join(", ", Parts)}";
}
