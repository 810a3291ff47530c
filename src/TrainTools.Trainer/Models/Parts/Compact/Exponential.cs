using System.Numerics;
using System.Runtime.CompilerServices;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// e^x of float32 vectors in float32 throughout (the runtime's own goes through doubles, at twice the cost). Range reduction by
/// multiples of ln 2 and a polynomial of degree 6: within 2 units in the last place from -87 to 88; below that the smallest normal number. NaN stays NaN.
/// </summary>
internal static class Exponential
{
    private const float Magic = 12582912f; // 1.5 · 2^23: adding it rounds to a whole number, held in the low bits

    /// <summary>e^x, element by element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Of(Vector<float> x)
    {
        x = Vector.Min(Vector.Max(x, new Vector<float>(-87.3f)), new Vector<float>(88.3f));
        var shifted = Vector.FusedMultiplyAdd(x, new Vector<float>(1.44269504f), new Vector<float>(Magic));
        var whole = shifted - new Vector<float>(Magic);
        var rest = Vector.FusedMultiplyAdd(whole, new Vector<float>(-0.693359375f), x);
        rest = Vector.FusedMultiplyAdd(whole, new Vector<float>(2.12194440e-4f), rest);
        var y = Vector.FusedMultiplyAdd(rest, new Vector<float>(1.9875691e-4f), new Vector<float>(1.3981999e-3f));
        y = Vector.FusedMultiplyAdd(y, rest, new Vector<float>(8.3334519e-3f));
        y = Vector.FusedMultiplyAdd(y, rest, new Vector<float>(4.1665796e-2f));
        y = Vector.FusedMultiplyAdd(y, rest, new Vector<float>(1.6666665e-1f));
        y = Vector.FusedMultiplyAdd(y, rest, new Vector<float>(5.0000001e-1f));
        y = Vector.FusedMultiplyAdd(y, rest * rest, rest) + Vector<float>.One;
        return y * Vector.AsVectorSingle((Vector.AsVectorInt32(shifted) << 23) + new Vector<int>(127 << 23));
    }
}
