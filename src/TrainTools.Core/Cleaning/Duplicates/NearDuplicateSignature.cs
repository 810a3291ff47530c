namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>What the index keeps of a text to find its near duplicates.</summary>
/// <param name="Text">Normalised text: input, a separator and output, or one text alone.</param>
/// <param name="BandKeys">A hash for each band.</param>
/// <param name="Sketch">The lowest byte of each value of the signature.</param>
internal readonly record struct NearDuplicateSignature(string Text, uint[] BandKeys, byte[] Sketch)
{
    /// <summary>Between input and output; occurs in no normalised text.</summary>
    public const char Separator = '\u0001';
}
