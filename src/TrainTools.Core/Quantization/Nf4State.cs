using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Quantization;

/// <summary>
/// A quantised tensor without its packed values: scales (plain or themselves quantised), shape and original type, in the
/// layout of a bitsandbytes checkpoint (weight.absmax, weight.quant_map, weight.nested_absmax, weight.nested_quant_map and the
/// JSON bytes of weight.quant_state.bitsandbytes__nf4).
/// </summary>
public sealed record Nf4State
{
    /// <summary>Suffix of the JSON tensor's name.</summary>
    public const string StateSuffix = ".quant_state.bitsandbytes__nf4";

    /// <summary>Suffix of the scales' name.</summary>
    public const string AbsmaxSuffix = ".absmax";

    /// <summary>Suffix of the name of the table of levels.</summary>
    public const string MapSuffix = ".quant_map";

    /// <summary>Suffix of the name of the scales' scales.</summary>
    public const string NestedAbsmaxSuffix = ".nested_absmax";

    /// <summary>Suffix of the name of the table of the 8-bit type.</summary>
    public const string NestedMapSuffix = ".nested_quant_map";

    /// <summary>Suffix of the JSON tensor's name for a type: nf4 or fp4.</summary>
    public static string StateSuffixOf(string type) => ".quant_state.bitsandbytes__" + type;

    /// <summary>Shape of the tensor before it was quantised.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>Type before it was quantised, as PyTorch names it: float32, float16, bfloat16.</summary>
    public string Dtype { get; init; } = "float32";

    /// <summary>Elements that share a scale.</summary>
    public int BlockSize { get; init; } = Nf4.BlockSize;

    /// <summary>Scales; null where they are quantised.</summary>
    public float[]? Absmax { get; init; }

    /// <summary>Quantised scales; null where they are not.</summary>
    public byte[]? AbsmaxCodes { get; init; }

    /// <summary>Scales of the scales.</summary>
    public float[] NestedAbsmax { get; init; } = [];

    /// <summary>The 8-bit type of the scales.</summary>
    public float[] NestedMap { get; init; } = [];

    /// <summary>Scales that share a scale.</summary>
    public int NestedBlockSize { get; init; } = DynamicMap8.BlockSize;

    /// <summary>Mean of the scales, taken off before they were quantised.</summary>
    public float NestedOffset { get; init; }

    /// <summary>Elements.</summary>
    public long Length => Shape.Aggregate(1L, (n, s) => n * s);

    /// <summary>Bits a parameter, scales included.</summary>
    public double BitsPerParameter => 8.0 * (Nf4.PackedLength(Length)
        + (Absmax is null ? AbsmaxCodes!.Length + (4.0 * NestedAbsmax.Length) : 4.0 * Absmax.Length)) / Length;

    /// <summary>The state of scales that were just made.</summary>
    /// <param name="absmax">The scales.</param>
    /// <param name="shape">Shape of the tensor.</param>
    /// <param name="dtype">PyTorch's name of its type.</param>
    /// <param name="doubleQuantization">Whether the scales are quantised too (4.127 bits a parameter in place of 4.5).</param>
    public static Nf4State Create(float[] absmax, IReadOnlyList<long> shape, string dtype, bool doubleQuantization)
    {
        if (!doubleQuantization)
        {
            return new Nf4State { Shape = shape, Dtype = dtype, Absmax = absmax };
        }

        // In double: the mean that torch's pairwise float32 sum comes to, to its last digit or next to it.
        var offset = (float)(absmax.Sum(a => (double)a) / Math.Max(1, absmax.Length));
        var centred = Array.ConvertAll(absmax, a => a - offset);
        var codes = new byte[absmax.Length];
        var nested = new float[(absmax.Length + DynamicMap8.BlockSize - 1) / DynamicMap8.BlockSize];
        DynamicMap8.Quantize(centred, codes, nested);
        return new Nf4State
        {
            Shape = shape,
            Dtype = dtype,
            AbsmaxCodes = codes,
            NestedAbsmax = nested,
            NestedMap = DynamicMap8.Map.ToArray(),
            NestedOffset = offset,
        };
    }

    /// <summary>The scales in float32.</summary>
    public float[] Scales()
    {
        if (Absmax is not null)
        {
            return Absmax;
        }

        var scales = new float[AbsmaxCodes!.Length];
        Scales(scales);
        return scales;
    }

    /// <summary>Writes quantised scales, made back into float32, into memory of the caller.</summary>
    public void Scales(Span<float> scales) => DynamicMap8.Dequantize(NestedMap, AbsmaxCodes!, NestedAbsmax, NestedBlockSize, NestedOffset, scales);

    /// <summary>What is wrong with the parts as a whole; null where they fit together.</summary>
    public string? Problem()
    {
        var blocks = Nf4.BlockCount(Length);
        var scales = Absmax?.Length ?? AbsmaxCodes?.Length ?? 0;
        if (scales != blocks)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it has {scales} scales for {blocks} blocks");
        }

        if (Absmax is not null)
        {
            return null;
        }

        return NestedBlockSize <= 0 || NestedAbsmax.Length != (blocks + NestedBlockSize - 1) / NestedBlockSize
            ? string.Create(CultureInfo.InvariantCulture, $"it has {NestedAbsmax.Length} scales of scales for {blocks} scales in blocks of {NestedBlockSize}")
            : NestedMap.Length != 256 ? "its 8-bit table does not have 256 values" : null;
    }

    /// <summary>The JSON bytes that a checkpoint holds.</summary>
    public byte[] ToJson()
    {
        var json = new JsonObject
        {
            ["quant_type"] = "nf4",
            ["blocksize"] = BlockSize,
            ["dtype"] = Dtype,
            ["shape"] = new JsonArray([.. Shape.Select(s => (JsonNode)s)]),
        };
        if (AbsmaxCodes is not null)
        {
            json["nested_blocksize"] = NestedBlockSize;
            json["nested_dtype"] = "float32";
            json["nested_offset"] = (double)NestedOffset;
        }

        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    /// <summary>Reads the JSON bytes; the scales come from their own tensors.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.QuantizationStateInvalid"/>.</exception>
    public static Nf4State FromJson(ReadOnlySpan<byte> json, string name)
    {
        try
        {
            var state = JsonNode.Parse(json)!.AsObject();
            var type = (string?)state["quant_type"];
            if (type != "nf4")
            {
                throw Invalid(name, $"its type is '{type}'; only nf4 is supported");
            }

            var result = new Nf4State
            {
                Shape = [.. state["shape"]!.AsArray().Select(s => (long)s!)],
                Dtype = (string?)state["dtype"] ?? "float32",
                BlockSize = (int)state["blocksize"]!,
                NestedBlockSize = (int?)state["nested_blocksize"] ?? DynamicMap8.BlockSize,
                NestedOffset = (float?)(double?)state["nested_offset"] ?? 0,
            };
            if (result.BlockSize != Nf4.BlockSize)
            {
                throw Invalid(name, string.Create(CultureInfo.InvariantCulture, $"its block size is {result.BlockSize}; only {Nf4.BlockSize} is supported"));
            }

            return result;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException)
        {
            throw Invalid(name, "its quant_state is not the JSON that bitsandbytes writes");
        }
    }

    private static TrainToolsException Invalid(string name, string what) => new(
        ErrorIds.QuantizationStateInvalid, ErrorKind.InvalidData, $"Tensor '{name}' cannot be used as a 4-bit weight: {what}.",
        "Quantise the 16-bit checkpoint anew (method qlora does it while loading).", name);
}
