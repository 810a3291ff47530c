using TrainTools.Core.Cleaning.Text;

namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>How near duplicates are found.</summary>
public sealed record NearDuplicateOptions
{
    /// <summary>Least Jaccard similarity of two duplicates.</summary>
    public double Threshold { get; init; } = 0.8;

    /// <summary>Code points a shingle.</summary>
    public int ShingleSize { get; init; } = 5;

    /// <summary>Hash values a signature.</summary>
    public int Permutations { get; init; } = 128;

    /// <summary>Share of the pairs at the threshold that must become candidates; decides the banding.</summary>
    public double Recall { get; init; } = 0.995;

    /// <summary>What is made equal before texts are cut into shingles.</summary>
    public TextNormalization Normalization { get; init; } = TextNormalization.Standard;

    /// <summary>
    /// Least share of numbers that two duplicates must have in common; tells the variants of an exercise from copies of it.
    /// 0 = numbers do not matter.
    /// </summary>
    public double NumberAgreement { get; init; } = 0.5;

    /// <summary>The banding that these options lead to.</summary>
    public LshBanding Banding => LshBanding.ForThreshold(Threshold, Permutations, Recall);
}
