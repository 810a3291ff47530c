using CsCheck;
using TrainTools.Core.Errors;
using TrainTools.Core.Quantization;

namespace TrainTools.Core.Tests.Quantization;

/// <summary>NF4 against a slow, plain implementation written from the published table of levels.</summary>
public class Nf4Tests
{
    private static readonly Gen<float> Value = Gen.OneOf(
        Gen.Double[-1, 1].Select(d => (float)d),
        Gen.Double[-1e-3, 1e-3].Select(d => (float)d),
        Gen.OneOfConst(0f, -0f, 1e-45f, -1e-45f, 1e-39f, 65504f, -3e38f, 1f, -1f));

    [Fact]
    public void Equals_the_plain_implementation_on_random_and_adversarial_values() =>
        Value.Array[1, 400].Sample(values => Check(values), iter: 2000);

    [Fact]
    public void Equals_the_plain_implementation_on_one_outlier_all_zeros_and_values_between_levels()
    {
        Check(new float[64]);
        Check([.. Enumerable.Repeat(1e-4f, 63), 1000f]);
        Check([.. Enumerable.Repeat(-0f, 64)]);
        Check([.. Enumerable.Repeat(1e-44f, 64)]);
        var levels = Nf4.Levels.ToArray();
        Check([.. levels.Zip(levels.Skip(1), (a, b) => (a + b) / 2), 1f]);
        Check([.. levels.Zip(levels.Skip(1), (a, b) => MathF.BitIncrement((a + b) / 2)), 1f]);
    }

    [Fact]
    public void The_even_element_is_in_the_high_nibble()
    {
        var packed = new byte[2];
        Nf4.Quantize([1f, -1f, 0f, 1f], packed, new float[1]);
        Assert.Equal([0xF0, 0x7F], packed);
    }

    [Fact]
    public void A_level_survives_the_round_trip_exactly()
    {
        var values = Nf4.Levels.ToArray().Select(l => l * 0.37f).ToArray();
        var (packed, absmax) = Quantize(values);
        var back = new float[values.Length];
        Nf4.Dequantize(packed, absmax, back);
        Assert.Equal(values, back);
    }

    [Theory]
    [InlineData(float.NaN, 70)]
    [InlineData(float.PositiveInfinity, 5)]
    [InlineData(float.NegativeInfinity, 199)]
    public void A_value_that_is_not_finite_is_refused_with_its_place(float bad, int at)
    {
        var values = new float[200];
        values[at] = bad;
        var error = Assert.Throws<TrainToolsException>(() => Nf4.Quantize(values, new byte[100], new float[4], "w"));
        Assert.Equal(ErrorIds.QuantizationNonFinite, error.ErrorId);
        Assert.Contains($"elements {at / 64 * 64} to {Math.Min((at / 64 * 64) + 63, 199)}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 4.5)]
    [InlineData(true, 4.127)]
    public void Takes_the_published_bits_a_parameter(bool nested, double bits)
    {
        var (_, absmax) = Quantize(new float[1 << 20]);
        Assert.Equal(bits, Nf4State.Create(absmax, [1024, 1024], "float32", nested).BitsPerParameter, 3);
    }

    [Fact]
    public void Scales_come_back_within_half_a_step_of_the_8_bit_type() => Gen.Double[0.001, 3].Select(d => (float)d).Array[1, 2000].Sample(scales =>
    {
        var state = Nf4State.Create(scales, [scales.Length * 64L], "float32", doubleQuantization: true);
        var back = state.Scales();
        var map = DynamicMap8.Map.ToArray();
        var offset = scales.Average(s => (double)s);
        for (var i = 0; i < scales.Length; i++)
        {
            var block = scales.Skip(i / 256 * 256).Take(256);
            var largest = block.Max(s => Math.Abs(s - offset));
            var exact = largest == 0 ? 0 : (scales[i] - offset) / largest;
            // Held by distance, not by value: halfway between two values of the type either is right.
            var nearest = map.Min(m => Math.Abs(m - exact)) * largest;
            Assert.InRange(Math.Abs(back[i] - scales[i]), 0, nearest + 1e-5);
        }
    });

    [Fact]
    public void The_dynamic_map_has_256_ascending_values_with_zero_and_one()
    {
        var map = DynamicMap8.Map.ToArray();
        Assert.Equal(256, map.Distinct().Count());
        Assert.Equal(map.Order(), map);
        Assert.Contains(0f, map);
        Assert.Equal(1f, map[^1]);
        // The largest negative value is the mean of the last of 64 even steps from 0.1 to 1.
        Assert.Equal(-(1 - (0.9f / 128)), map[0], 1e-6f);
        Assert.Equal(5.5e-7f, map.Where(m => m > 0).Min(), 1e-12f);
    }

    [Fact]
    public void The_state_reads_back()
    {
        var state = Nf4State.Create([1f, 2f, 3f], [3, 64], "bfloat16", doubleQuantization: true);
        var back = Nf4State.FromJson(state.ToJson(), "w");
        Assert.Equal([3L, 64L], back.Shape);
        Assert.Equal("bfloat16", back.Dtype);
        Assert.Equal(2f, back.NestedOffset);
        Assert.Equal(256, back.NestedBlockSize);
        Assert.Equal(ErrorIds.QuantizationStateInvalid, Assert.Throws<TrainToolsException>(() => Nf4State.FromJson("{}"u8, "w")).ErrorId);
        Assert.Contains("fp4", Assert.Throws<TrainToolsException>(() => Nf4State.FromJson("{\"quant_type\":\"fp4\"}"u8, "w")).Message, StringComparison.Ordinal);
    }

    private static (byte[] Packed, float[] Absmax) Quantize(float[] values)
    {
        var packed = new byte[Nf4.PackedLength(values.Length)];
        var absmax = new float[Nf4.BlockCount(values.Length)];
        Nf4.Quantize(values, packed, absmax);
        return (packed, absmax);
    }

    private static void Check(float[] values)
    {
        var (packed, absmax) = Quantize(values);
        var back = new float[values.Length];
        Nf4.Dequantize(packed, absmax, back);
        var levels = Nf4.Levels.ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var block = values.Skip(i / 64 * 64).Take(64);
            var largest = block.Max(Math.Abs);
            Assert.Equal(largest, absmax[i / 64]);

            // Nearest level of the scaled value; half-way goes to the lower one.
            var scaled = Math.Clamp(values[i] * (1f / Math.Max(largest, 1e-38f)), -1f, 1f);
            var code = 0;
            while (code < 15 && scaled > (levels[code] + levels[code + 1]) / 2)
            {
                code++;
            }

            Assert.Equal(code, i % 2 == 0 ? packed[i / 2] >> 4 : packed[i / 2] & 15);
            Assert.Equal(levels[code] * largest, back[i]);
        }
    }
}
