namespace TrainTools.Core.Quantization;

/// <summary>Names in a bitsandbytes checkpoint: what lies beside a quantised weight and is no parameter itself.</summary>
public static class QuantizedNames
{
    /// <summary>Name of an int8 weight's row magnitudes, beside the layer's weight.</summary>
    public const string RowScales = "SCB";

    /// <summary>Name of an int8 weight's layout, beside the layer's weight.</summary>
    public const string Format = "weight_format";

    private static readonly string[] Suffixes =
        [Nf4State.AbsmaxSuffix, Nf4State.MapSuffix, Nf4State.NestedAbsmaxSuffix, Nf4State.NestedMapSuffix, Nf4State.StateSuffix, Nf4State.StateSuffixOf("fp4")];

    /// <summary>Whether a tensor is no parameter but lies beside one.</summary>
    /// <param name="name">Full name of the tensor.</param>
    public static bool IsCompanion(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Exists(Suffixes, s => name.EndsWith(".weight" + s, StringComparison.Ordinal))
            || name.EndsWith("." + RowScales, StringComparison.Ordinal) || name.EndsWith("." + Format, StringComparison.Ordinal);
    }
}
