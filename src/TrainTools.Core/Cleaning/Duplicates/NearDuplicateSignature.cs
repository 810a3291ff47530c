using System.Runtime.InteropServices;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>What the index keeps of a text to find its near duplicates, in one piece of memory.</summary>
/// <param name="Packed">A hash for each band (4 bytes), the lowest byte of each value of the signature, the text as UTF-8.</param>
/// <param name="Bands">Number of bands.</param>
/// <param name="Permutations">Values of the signature.</param>
internal readonly record struct NearDuplicateSignature(byte[] Packed, int Bands, int Permutations)
{
    /// <summary>Between input and output; occurs in no normalised text.</summary>
    public const char Separator = '\u0001';

    /// <summary>A hash for each band.</summary>
    public Span<uint> BandKeys => MemoryMarshal.Cast<byte, uint>(Packed.AsSpan(0, Bands * sizeof(uint)));

    /// <summary>The lowest byte of each value of the signature.</summary>
    public Span<byte> Sketch => Packed.AsSpan(Bands * sizeof(uint), Permutations);

    /// <summary>Normalised text as UTF-8: input, a separator and output, or one text alone.</summary>
    public Span<byte> Text => Packed.AsSpan(Size(Bands, Permutations));

    /// <summary>Bytes before the text.</summary>
    public static int Size(int bands, int permutations) => (bands * sizeof(uint)) + permutations;
}
