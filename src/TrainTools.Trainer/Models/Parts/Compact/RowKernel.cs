using System.Numerics;
using System.Runtime.Intrinsics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>What is done to a row of float32 numbers between products. Sums are in a fixed order: the same bits each time.</summary>
internal static unsafe class RowKernel
{
    private static readonly int Lanes = Vector<float>.Count;

    /// <summary>Σ x·y.</summary>
    public static float Dot(float* x, float* y, int count)
    {
        var (even, odd) = (Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i <= count - (2 * Lanes); i += 2 * Lanes)
        {
            even = Vector.FusedMultiplyAdd(Vector.Load(x + i), Vector.Load(y + i), even);
            odd = Vector.FusedMultiplyAdd(Vector.Load(x + i + Lanes), Vector.Load(y + i + Lanes), odd);
        }

        for (; i <= count - Lanes; i += Lanes)
        {
            even = Vector.FusedMultiplyAdd(Vector.Load(x + i), Vector.Load(y + i), even);
        }

        var sum = Vector.Sum(even + odd);
        for (; i < count; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }

    /// <summary>The largest element; NaN where one is there.</summary>
    public static float Largest(Vector<float> x)
    {
        if (Vector<float>.Count == 8)
        {
            var wide = x.AsVector256();
            var half = Vector128.Max(wide.GetLower(), wide.GetUpper());
            half = Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(2, 3, 0, 1)));
            return Vector128.Max(half, Vector128.Shuffle(half, Vector128.Create(1, 0, 3, 2))).ToScalar();
        }

        var largest = x[0];
        for (var i = 1; i < Vector<float>.Count; i++)
        {
            largest = MathF.Max(largest, x[i]);
        }

        return largest;
    }

    /// <summary>y += x.</summary>
    public static void Add(float* x, float* y, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            Vector.Store(Vector.Load(x + i) + Vector.Load(y + i), y + i);
        }

        for (; i < count; i++)
        {
            y[i] += x[i];
        }
    }

    /// <summary>y = x · factor.</summary>
    public static void Scale(float* x, float factor, float* y, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            Vector.Store(Vector.Load(x + i) * factor, y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * factor;
        }
    }

    /// <summary>1 / sqrt(mean(x²) + eps).</summary>
    public static float InverseRms(float* x, int count, float epsilon) => 1 / MathF.Sqrt((Dot(x, x, count) / count) + epsilon);

    /// <summary>y = x · inverse · w.</summary>
    public static void Norm(float* x, float inverse, float* weight, float* y, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            Vector.Store(Vector.Load(x + i) * inverse * Vector.Load(weight + i), y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * inverse * weight[i];
        }
    }

    /// <summary>
    /// The gradient through y = x · inverse · w: target += inverse · (g·w - n · mean(g·w·n)) with n = x · inverse, and
    /// weightGradient += g · n.
    /// </summary>
    public static void NormBackward(float* gradient, float* x, float inverse, float* weight, float* target, float* weightGradient, int count)
    {
        var total = Vector<float>.Zero;
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            var product = Vector.Load(gradient + i) * (Vector.Load(x + i) * inverse);
            Vector.Store(Vector.Load(weightGradient + i) + product, weightGradient + i);
            total = Vector.FusedMultiplyAdd(product, Vector.Load(weight + i), total);
        }

        var sum = Vector.Sum(total);
        for (; i < count; i++)
        {
            var product = gradient[i] * (x[i] * inverse);
            weightGradient[i] += product;
            sum += product * weight[i];
        }

        var share = -sum / count * inverse;
        i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            var through = (Vector.Load(gradient + i) * Vector.Load(weight + i)) + (Vector.Load(x + i) * share);
            Vector.Store(Vector.FusedMultiplyAdd(through, new Vector<float>(inverse), Vector.Load(target + i)), target + i);
        }

        for (; i < count; i++)
        {
            target[i] = MathF.FusedMultiplyAdd((gradient[i] * weight[i]) + (x[i] * share), inverse, target[i]);
        }
    }

    /// <summary>y = silu(gate) · up.</summary>
    public static void Gate(float* gate, float* up, float* y, int count)
    {
        var i = 0;
        for (; i <= count - Lanes; i += Lanes)
        {
            var g = Vector.Load(gate + i);
            Vector.Store(g / (Vector<float>.One + Exponential.Of(-g)) * Vector.Load(up + i), y + i);
        }

        for (; i < count; i++)
        {
            y[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
        }
    }

    /// <summary>The same with its gradient: y as above, and gate and up become theirs.</summary>
    /// <param name="gradient">Gradient of y; y may lie in its place.</param>
    /// <param name="gate">In: gate. Out: g · up · σ(gate) · (1 + gate · (1 - σ(gate))).</param>
    /// <param name="up">In: up. Out: g · silu(gate).</param>
    /// <param name="y">silu(gate) · up.</param>
    /// <param name="count">Numbers.</param>
    public static void GateBackward(float* gradient, float* gate, float* up, float* y, int count)
    {
        var i = 0;
        var one = Vector<float>.One;
        for (; i <= count - Lanes; i += Lanes)
        {
            var (d, g, u) = (Vector.Load(gradient + i), Vector.Load(gate + i), Vector.Load(up + i));
            var sigmoid = one / (one + Exponential.Of(-g));
            var active = g * sigmoid;
            Vector.Store(active * u, y + i);
            Vector.Store(d * active, up + i);
            Vector.Store(d * u * sigmoid * (one + g - active), gate + i);
        }

        for (; i < count; i++)
        {
            var (d, g, u) = (gradient[i], gate[i], up[i]);
            var sigmoid = 1 / (1 + MathF.Exp(-g));
            var active = g * sigmoid;
            y[i] = active * u;
            up[i] = d * active;
            gate[i] = d * u * sigmoid * (1 + g - active);
        }
    }
}
