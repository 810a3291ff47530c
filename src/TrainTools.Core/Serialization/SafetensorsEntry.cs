namespace TrainTools.Core.Serialization;

/// <summary>One tensor of a safetensors file: its type, shape, and where its bytes lie.</summary>
/// <param name="Name">Name in the header.</param>
/// <param name="Dtype">Element type.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">First byte, from the start of the file.</param>
/// <param name="ByteLength">Bytes: elements times element size.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape, long Offset, long ByteLength)
{
    /// <summary>Shape as people write it: [2, 3].</summary>
    public string ShapeText => "[" + string.Join(", ", Shape) + "]";
}
