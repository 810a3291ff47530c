using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts;

/// <summary>
/// Inverse frequencies of the rotary variants, in the operators and the order of transformers' modeling_rope_utils:
/// at position 100,000 an error of one unit in the last place of a frequency is a hundredth of a radian.
/// </summary>
internal static class RotaryFrequencies
{
    /// <summary>The inverse frequencies [dimensions / 2], fp32, and the factor on cosines and sines, for a sequence length.</summary>
    public static (Tensor Inverse, double Scale) Compute(RotarySettings s, long length)
    {
        using var scope = NewDisposeScope();
        var (inverse, scale) = s.Type switch
        {
            "linear" => (Default(s.Theta, s.Dimensions).div(s.Factor!.Value), 1.0),
            "dynamic" => (Dynamic(s, length), 1.0),
            "yarn" => (Yarn(s), YarnScale(s)),
            "llama3" => (Llama3(s), 1.0),
            "longrope" => (LongRope(s, length), LongRopeScale(s)),
            _ => (Default(s.Theta, s.Dimensions), 1.0),
        };
        return (inverse.MoveToOuterDisposeScope(), scale);
    }

    /// <summary>A number that changes when the frequencies do: lengths that share it share a table.</summary>
    public static long Variant(RotarySettings s, long length) => s.Type switch
    {
        "dynamic" => Math.Max(length, s.MaxPositions),
        "longrope" => length > s.OriginalMaxPositions ? 1 : 0,
        _ => 0,
    };

    private static Tensor Exponents(int dimensions) =>
        arange(0, dimensions, 2, ScalarType.Int64).to_type(ScalarType.Float32).div(dimensions);

    private static Tensor Powers(double theta, int dimensions) => pow(tensor((float)theta), Exponents(dimensions));

    private static Tensor Default(double theta, int dimensions) => Powers(theta, dimensions).reciprocal();

    private static Tensor Dynamic(RotarySettings s, long length)
    {
        double factor = s.Factor!.Value;
        long reached = Math.Max(length, s.MaxPositions);
        double stretched = s.Theta * Math.Pow((factor * reached / s.MaxPositions) - (factor - 1), s.Dimensions / (s.Dimensions - 2.0));
        return Default(stretched, s.Dimensions);
    }

    private static Tensor Yarn(RotarySettings s)
    {
        double factor = s.Factor ?? s.MaxPositions / s.OriginalMaxPositions;
        double low = CorrectionDimension(s, s.BetaFast);
        double high = CorrectionDimension(s, s.BetaSlow);
        if (s.Truncate)
        {
            low = Math.Floor(low);
            high = Math.Ceiling(high);
        }

        low = Math.Max(low, 0);
        high = Math.Min(high, s.Dimensions - 1);
        high = low == high ? high + 0.001 : high;
        var powers = Powers(s.Theta, s.Dimensions);
        var ramp = arange(s.Dimensions / 2, ScalarType.Float32).sub(low).div(high - low).clamp(0, 1);
        var kept = ramp.neg().add(1);
        return powers.mul(factor).reciprocal().mul(kept.neg().add(1)).add(powers.reciprocal().mul(kept));
    }

    private static double CorrectionDimension(RotarySettings s, double rotations) =>
        s.Dimensions * Math.Log(s.OriginalMaxPositions / (rotations * 2 * Math.PI)) / (2 * Math.Log(s.Theta));

    private static double YarnScale(RotarySettings s)
    {
        double factor = s.Factor ?? s.MaxPositions / s.OriginalMaxPositions;
        return s.AttentionFactor ?? (s.Mscale != 0 && s.MscaleAllDim != 0
            ? Mscale(factor, s.Mscale) / Mscale(factor, s.MscaleAllDim)
            : Mscale(factor, 1));
    }

    private static double Mscale(double scale, double mscale) => scale <= 1 ? 1 : (0.1 * mscale * Math.Log(scale)) + 1;

    private static Tensor Llama3(RotarySettings s)
    {
        double factor = s.Factor!.Value;
        var inverse = Default(s.Theta, s.Dimensions);
        var wavelength = inverse.reciprocal().mul(2 * Math.PI);
        var scaled = where(wavelength.gt(s.OriginalMaxPositions / s.LowFrequencyFactor), inverse.div(factor), inverse);
        var smooth = wavelength.reciprocal().mul(s.OriginalMaxPositions).sub(s.LowFrequencyFactor).div(s.HighFrequencyFactor - s.LowFrequencyFactor);
        var smoothed = smooth.neg().add(1).mul(scaled).div(factor).add(smooth.mul(scaled));
        var medium = wavelength.ge(s.OriginalMaxPositions / s.HighFrequencyFactor).logical_and(wavelength.le(s.OriginalMaxPositions / s.LowFrequencyFactor));
        return where(medium, smoothed, scaled);
    }

    private static Tensor LongRope(RotarySettings s, long length)
    {
        var factors = length > s.OriginalMaxPositions ? s.LongFactor : s.ShortFactor;
        return tensor(factors.Select(f => (float)f).ToArray()).mul(Powers(s.Theta, s.Dimensions)).reciprocal();
    }

    private static double LongRopeScale(RotarySettings s)
    {
        double factor = s.Factor ?? s.MaxPositions / s.OriginalMaxPositions;
        return s.AttentionFactor ?? (factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(s.OriginalMaxPositions))));
    }
}
