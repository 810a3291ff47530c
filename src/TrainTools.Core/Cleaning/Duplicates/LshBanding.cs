namespace TrainTools.Core.Cleaning.Duplicates;

/// <summary>
/// How a MinHash signature is cut into bands for locality-sensitive hashing. Two sets of Jaccard similarity s share at
/// least one band with probability 1 - (1 - s^rows)^bands.
/// </summary>
/// <param name="Bands">Number of bands.</param>
/// <param name="Rows">Hash values a band.</param>
public readonly record struct LshBanding(int Bands, int Rows)
{
    /// <summary>Probability that a pair of the given similarity becomes a candidate.</summary>
    public double CandidateProbability(double similarity) => 1 - Math.Pow(1 - Math.Pow(similarity, Rows), Bands);

    /// <summary>
    /// The banding with the longest bands (fewest needless candidates) that finds pairs at the threshold with the given
    /// recall. Candidates are checked exactly afterwards, so recall is what counts: the balanced choice of other tools
    /// misses more than half of the pairs at the threshold (9 × 13 of 128 values finds 0.40 at 0.8; this finds 0.998).
    /// </summary>
    public static LshBanding ForThreshold(double threshold, int permutations, double recall = 0.995)
    {
        for (var rows = permutations; rows > 1; rows--)
        {
            var banding = new LshBanding(permutations / rows, rows);
            if (banding.CandidateProbability(threshold) >= recall)
            {
                return banding;
            }
        }

        return new LshBanding(permutations, 1);
    }
}
