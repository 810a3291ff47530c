using TorchSharp;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>Cosines and sines for the positions of one forward pass, [1 or B, T, 1, dimensions]; the first half of the sines is negated.</summary>
internal sealed record RotaryTables(Tensor Cos, Tensor SignedSin);

/// <summary>
/// Rotary positions in the rotate-half layout. The table grows with the longest sequence seen and is shared by all
/// layers of one setting. Not thread-safe.
/// </summary>
internal sealed class RotaryEmbedding(RotarySettings settings) : IDisposable
{
    private readonly Dictionary<(long Variant, ScalarType Dtype, string Device), (Tensor Cos, Tensor SignedSin)> tables = [];

    public RotarySettings Settings { get; } = settings;

    /// <summary>Tables for positions 0..<paramref name="length"/> - 1, or for the positions given (each below length).</summary>
    /// <param name="length">One more than the largest position.</param>
    /// <param name="start">First position where <paramref name="positions"/> is null.</param>
    /// <param name="positions">[B, T] int64, or null for start..length-1.</param>
    /// <param name="dtype">Type of the computation.</param>
    /// <param name="device">Its device.</param>
    public RotaryTables Tables(long length, long start, Tensor? positions, ScalarType dtype, Device device)
    {
        var (cos, sin) = Grown(length, dtype, device);
        if (positions is null)
        {
            long count = length - start;
            return new RotaryTables(
                cos.narrow(0, start, count).unsqueeze(0).unsqueeze(2),
                sin.narrow(0, start, count).unsqueeze(0).unsqueeze(2));
        }

        long[] shape = [positions.shape[0], positions.shape[1], 1, Settings.Dimensions];
        var flat = positions.reshape(-1);
        return new RotaryTables(cos.index_select(0, flat).view(shape), sin.index_select(0, flat).view(shape));
    }

    /// <summary>Rotates the first dimensions of each head: [B, T, heads, D] → the same.</summary>
    public static Tensor Apply(Tensor x, RotaryTables tables)
    {
        if (RotaryFunction.Fits(x, tables))
        {
            return RotaryFunction.Apply(x, tables);
        }

        long rotated = tables.Cos.shape[^1];
        long size = x.shape[^1];
        using var scope = NewDisposeScope();
        var part = rotated == size ? x : x.narrow(-1, 0, rotated);

        // roll by half is rotate_half without the sign, which sits in the sines.
        var turned = addcmul(part.mul(tables.Cos), part.roll(rotated / 2, -1), tables.SignedSin, 1);
        var output = rotated == size ? turned : cat([turned, x.narrow(-1, rotated, size - rotated)], -1);
        return output.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (cos, sin) in tables.Values)
        {
            cos.Dispose();
            sin.Dispose();
        }

        tables.Clear();
    }

    private (Tensor Cos, Tensor SignedSin) Grown(long length, ScalarType dtype, Device device)
    {
        var key = (RotaryFrequencies.Variant(Settings, length), dtype, device.ToString());
        if (tables.TryGetValue(key, out var old))
        {
            if (old.Cos.shape[0] >= length)
            {
                return old;
            }

            old.Cos.Dispose();
            old.SignedSin.Dispose();
        }

        if (Settings.Type == "dynamic")
        {
            // Every length beyond the limit has its own frequencies: keep the newest only.
            Dispose();
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        long rows = Math.Max(length, Math.Min(Settings.MaxPositions, 1024));
        var (inverse, scale) = RotaryFrequencies.Compute(Settings, length);
        var angles = outer(arange(rows, ScalarType.Float32), inverse);
        var both = cat([angles, angles], -1);
        var sines = both.sin().mul_(scale);
        sines.narrow(-1, 0, Settings.Dimensions / 2).neg_();
        var made = (
            both.cos().mul_(scale).to(dtype, device).DetachFromDisposeScope(),
            sines.to(dtype, device).DetachFromDisposeScope());
        tables[key] = made;
        return made;
    }
}
