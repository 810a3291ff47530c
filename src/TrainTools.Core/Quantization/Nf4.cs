using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Quantization;

/// <summary>
/// NF4, the 4-bit type of QLoRA (arXiv 2305.14314), stored as bitsandbytes stores it: values in row-major order, blocks of
/// 64 divided by their greatest magnitude (absmax, float32), each the nearest of 16 levels, two to a byte with the even
/// element in the high nibble. 4.5 bits a parameter with the scales. A NaN or infinity cannot be represented and is refused.
/// </summary>
public static class Nf4
{
    /// <summary>Elements that share a scale.</summary>
    public const int BlockSize = 64;

    /// <summary>The 16 levels: quantiles of the normal distribution, with an exact 0, scaled to [-1, 1].</summary>
    public static ReadOnlySpan<float> Levels =>
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
        -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    // Half-way between neighbours, in float32: a value above bound i is nearer to level i + 1.
    private static readonly float[] Bounds = MakeBounds();

    /// <summary>Bytes of packed values for a number of elements.</summary>
    public static long PackedLength(long elements) => (elements + 1) / 2;

    /// <summary>Blocks, and so scales, for a number of elements.</summary>
    public static long BlockCount(long elements) => (elements + BlockSize - 1) / BlockSize;

    /// <summary>Quantises values; large inputs on all cores.</summary>
    /// <param name="values">Values in row-major order.</param>
    /// <param name="packed">Takes <see cref="PackedLength"/> bytes.</param>
    /// <param name="absmax">Takes <see cref="BlockCount"/> scales.</param>
    /// <param name="name">Name of the tensor, for the error.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.QuantizationNonFinite"/>: a value is NaN or infinite.</exception>
    public static unsafe void Quantize(ReadOnlySpan<float> values, Span<byte> packed, Span<float> absmax, string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packed.Length, (int)PackedLength(values.Length));
        ArgumentOutOfRangeException.ThrowIfLessThan(absmax.Length, (int)BlockCount(values.Length));
        fixed (float* v = values)
        fixed (byte* p = packed)
        fixed (float* a = absmax)
        {
            Quantize(v, values.Length, p, a, name);
        }
    }

    /// <summary>The same by pointers, for tensors of any length.</summary>
    public static unsafe void Quantize(float* values, long length, byte* packed, float* absmax, string? name = null)
    {
        var blocks = BlockCount(length);
        long bad = long.MaxValue;
        ForBlocks(blocks, (first, last) =>
        {
            for (var block = first; block < last; block++)
            {
                var start = block * BlockSize;
                var count = (int)Math.Min(BlockSize, length - start);
                if (!QuantizeBlock(values + start, count, packed + (start / 2), out absmax[block]))
                {
                    // The first of them, whichever thread sees it.
                    long seen;
                    while ((seen = Interlocked.Read(ref bad)) > start && Interlocked.CompareExchange(ref bad, start, seen) != seen)
                    {
                    }
                }
            }
        });
        if (bad != long.MaxValue)
        {
            throw new TrainToolsException(
                ErrorIds.QuantizationNonFinite, ErrorKind.InvalidData,
                $"{(name is null ? "The tensor" : $"Tensor '{name}'")} holds a NaN or an infinity among elements {bad} to {Math.Min(bad + BlockSize, length) - 1}; NF4 cannot represent it.",
                "The checkpoint is damaged or overflowed when it was saved: use an undamaged one.", name);
        }
    }

    /// <summary>Values from packed ones: level × scale of the block, in float32.</summary>
    public static unsafe void Dequantize(ReadOnlySpan<byte> packed, ReadOnlySpan<float> absmax, Span<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packed.Length, (int)PackedLength(values.Length));
        ArgumentOutOfRangeException.ThrowIfLessThan(absmax.Length, (int)BlockCount(values.Length));
        fixed (byte* p = packed)
        fixed (float* a = absmax)
        fixed (float* v = values)
        {
            Dequantize(p, a, v, values.Length);
        }
    }

    /// <summary>The same by pointers.</summary>
    public static unsafe void Dequantize(byte* packed, float* absmax, float* values, long length) =>
        ForBlocks(BlockCount(length), (first, last) =>
        {
            for (var block = first; block < last; block++)
            {
                var start = block * BlockSize;
                DequantizeBlock(packed + (start / 2), absmax[block], values + start, (int)Math.Min(BlockSize, length - start));
            }
        });

    private static float[] MakeBounds()
    {
        var bounds = new float[15];
        for (var i = 0; i < bounds.Length; i++)
        {
            bounds[i] = (Levels[i] + Levels[i + 1]) / 2;
        }

        return bounds;
    }

    private static unsafe void ForBlocks(long blocks, Action<long, long> work)
    {
        const long AtOnce = 4096;
        if (blocks <= AtOnce)
        {
            work(0, blocks);
            return;
        }

        Parallel.For(0, (blocks + AtOnce - 1) / AtOnce, chunk => work(chunk * AtOnce, Math.Min(blocks, (chunk + 1) * AtOnce)));
    }

    private static unsafe bool QuantizeBlock(float* values, int count, byte* packed, out float absmax)
    {
        if (count == BlockSize && Vector256.IsHardwareAccelerated)
        {
            return QuantizeFullBlock(values, packed, out absmax);
        }

        absmax = 0;
        var finite = true;
        for (var i = 0; i < count; i++)
        {
            finite &= float.IsFinite(values[i]);
            absmax = Math.Max(absmax, Math.Abs(values[i]));
        }

        var scale = Scale(absmax);
        for (var i = 0; i < count; i += 2)
        {
            var high = Code(Math.Clamp(values[i] * scale, -1, 1));
            var low = i + 1 < count ? Code(Math.Clamp(values[i + 1] * scale, -1, 1)) : Code(0);
            packed[i / 2] = (byte)((high << 4) | low);
        }

        return finite;
    }

    // bitsandbytes multiplies by the reciprocal, with a floor that keeps an all-zero block from dividing by zero.
    private static float Scale(float absmax) => 1.0f / Math.Max(absmax, 1e-38f);

    private static int Code(float value)
    {
        var code = 0;
        foreach (var bound in Bounds)
        {
            code += value > bound ? 1 : 0;
        }

        return code;
    }

    private static unsafe bool QuantizeFullBlock(float* values, byte* packed, out float absmax)
    {
        var largest = Vector256<float>.Zero;
        var infinite = Vector256<int>.Zero;
        var exponent = Vector256.Create(0x7F800000);
        for (var i = 0; i < BlockSize; i += 8)
        {
            var v = Vector256.Load(values + i);
            infinite |= Vector256.Equals(v.AsInt32() & exponent, exponent);
            largest = Vector256.Max(largest, Vector256.Abs(v));
        }

        absmax = 0;
        for (var i = 0; i < 8; i++)
        {
            absmax = Math.Max(absmax, largest[i]);
        }

        var scale = Vector256.Create(Scale(absmax));
        var one = Vector256<float>.One;
        ref var bounds = ref MemoryMarshal.GetArrayDataReference(Bounds);
        var codes = stackalloc int[BlockSize];
        for (var i = 0; i < BlockSize; i += 8)
        {
            var v = Vector256.Min(Vector256.Max(Vector256.Load(values + i) * scale, -one), one);
            var code = Vector256<int>.Zero;
            for (var b = 0; b < 15; b++)
            {
                // A comparison gives -1 where it holds.
                code -= Vector256.GreaterThan(v, Vector256.Create(Unsafe.Add(ref bounds, b))).AsInt32();
            }

            code.Store(codes + i);
        }

        for (var i = 0; i < BlockSize; i += 2)
        {
            packed[i / 2] = (byte)((codes[i] << 4) | codes[i + 1]);
        }

        return infinite == Vector256<int>.Zero;
    }

    private static unsafe void DequantizeBlock(byte* packed, float absmax, float* values, int count)
    {
        // 16 products once, then a look-up an element: the same float32 product as level × scale each time.
        var scaled = stackalloc float[16];
        for (var i = 0; i < 16; i++)
        {
            scaled[i] = Levels[i] * absmax;
        }

        var pairs = count / 2;
        for (var i = 0; i < pairs; i++)
        {
            values[2 * i] = scaled[packed[i] >> 4];
            values[(2 * i) + 1] = scaled[packed[i] & 15];
        }

        if ((count & 1) != 0)
        {
            values[count - 1] = scaled[packed[pairs] >> 4];
        }
    }
}
