namespace TrainTools.Core.Quantization;

/// <summary>
/// The 8-bit dynamic type that double quantisation uses for the scales: a sign, an exponent of variable length and a
/// fraction (arXiv 1511.04561 as bitsandbytes builds it), in blocks of 256 divided by their greatest magnitude.
/// </summary>
public static class DynamicMap8
{
    /// <summary>Elements that share a scale.</summary>
    public const int BlockSize = 256;

    private const int Exponents = 7;

    private static readonly float[] Values = Make();

    private static readonly float[] Bounds = [.. Values.Zip(Values.Skip(1), (a, b) => (a + b) / 2)];

    /// <summary>The 256 values in ascending order.</summary>
    public static ReadOnlySpan<float> Map => Values;

    /// <summary>Quantises values.</summary>
    /// <param name="values">Values.</param>
    /// <param name="codes">Takes a byte a value: its place in <see cref="Map"/>.</param>
    /// <param name="absmax">Takes a scale a block of 256.</param>
    public static void Quantize(ReadOnlySpan<float> values, Span<byte> codes, Span<float> absmax)
    {
        for (var start = 0; start < values.Length; start += BlockSize)
        {
            var block = values.Slice(start, Math.Min(BlockSize, values.Length - start));
            var largest = 0f;
            foreach (var value in block)
            {
                largest = Math.Max(largest, Math.Abs(value));
            }

            absmax[start / BlockSize] = largest;
            var scale = 1.0f / Math.Max(largest, 1e-38f);
            for (var i = 0; i < block.Length; i++)
            {
                codes[start + i] = Code(Math.Clamp(block[i] * scale, -1, 1));
            }
        }
    }

    /// <summary>Values from codes.</summary>
    /// <param name="map">The 256 values, as the file gives them.</param>
    /// <param name="codes">Codes.</param>
    /// <param name="absmax">A scale a block.</param>
    /// <param name="blockSize">Elements that share a scale.</param>
    /// <param name="offset">Added to each value.</param>
    /// <param name="values">Takes the values.</param>
    public static void Dequantize(ReadOnlySpan<float> map, ReadOnlySpan<byte> codes, ReadOnlySpan<float> absmax, int blockSize, float offset, Span<float> values)
    {
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = (map[codes[i]] * absmax[i / blockSize]) + offset;
        }
    }

    // The number of bounds below the value.
    private static byte Code(float value)
    {
        var (low, high) = (0, Bounds.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (value > Bounds[middle])
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return (byte)low;
    }

    private static float[] Make()
    {
        var values = new List<float>(256) { 0, 1 };
        for (var i = 0; i < Exponents; i++)
        {
            // Means of neighbours among 2^i + 1 even steps from 0.1 to 1, in float32 from both ends as torch.linspace counts.
            var steps = 1 << i;
            var scale = (float)Math.Pow(10, i - (Exponents - 1));
            var width = (1f - 0.1f) / steps;
            float Step(int k) => k < (steps + 1) / 2 ? 0.1f + (width * k) : 1f - (width * (steps - k));
            for (var k = 0; k < steps; k++)
            {
                var mean = (Step(k) + Step(k + 1)) / 2 * scale;
                values.Add(mean);
                values.Add(-mean);
            }
        }

        values.Sort();
        return [.. values];
    }
}
