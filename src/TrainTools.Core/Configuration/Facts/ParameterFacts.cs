using TrainTools.Core.Serialization;

namespace TrainTools.Core.Configuration;

/// <summary>One tensor of a checkpoint, from its header.</summary>
/// <param name="Name">Name in the checkpoint.</param>
/// <param name="Dtype">Element type.</param>
/// <param name="Shape">Sizes.</param>
public sealed record ParameterFacts(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>Bytes in the file.</summary>
    public long Bytes => Count * Dtype.ElementSize();
}
