namespace TrainTools.Core.Configuration;

/// <summary>A range that practice has found to work, and where to start in it.</summary>
/// <param name="Low">Least value.</param>
/// <param name="High">Greatest value.</param>
/// <param name="Start">The default.</param>
/// <param name="For">What it holds for ("full fine-tuning up to 13 B").</param>
/// <param name="Source">Where it comes from.</param>
public sealed record ValueRange(double Low, double High, double Start, string For, string Source)
{
    /// <summary>Whether a value is inside, the ends included.</summary>
    public bool Contains(double value) => value >= Low && value <= High;

    /// <summary>The range in words.</summary>
    public override string ToString() => Low == High ? ConfigText.Number(Low) : $"{ConfigText.Number(Low)} to {ConfigText.Number(High)}";
}
