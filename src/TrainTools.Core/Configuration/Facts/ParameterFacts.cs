namespace TrainTools.Core.Configuration;

/// <summary>One tensor of a checkpoint, from its header.</summary>
/// <param name="Name">Name in the checkpoint.</param>
/// <param name="Dtype">Element type as safetensors writes it ("F32", "BF16").</param>
/// <param name="Shape">Sizes.</param>
public sealed record ParameterFacts(string Name, string Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Bits of an element; 0 for a type that is not known.</summary>
    public int Bits => Dtype switch
    {
        "F64" or "I64" or "U64" => 64,
        "F32" or "I32" or "U32" => 32,
        "F16" or "BF16" or "I16" or "U16" => 16,
        "I8" or "U8" or "BOOL" or "F8_E4M3" or "F8_E5M2" => 8,
        _ => 0,
    };

    /// <summary>Size in the file.</summary>
    public long Bytes => Count * Bits / 8;
}
