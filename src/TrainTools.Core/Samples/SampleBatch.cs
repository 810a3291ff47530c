namespace TrainTools.Core.Samples;

/// <summary>
/// A micro-batch as flat arrays, ready to become tensors: either rows padded on the right to one length, or (padding-free)
/// all documents in one row with their lengths.
/// </summary>
public sealed record SampleBatch
{
    /// <summary>Rows; 1 where padding-free.</summary>
    public required int Rows { get; init; }

    /// <summary>Tokens a row, padding included.</summary>
    public required int Columns { get; init; }

    /// <summary>Token ids [Rows × Columns].</summary>
    public required long[] InputIds { get; init; }

    /// <summary>Labels [Rows × Columns], at the token's own position.</summary>
    public required long[] Labels { get; init; }

    /// <summary>Real tokens of each row; padding follows. Null where padding-free.</summary>
    public int[]? RowLengths { get; init; }

    /// <summary>Lengths of the documents of a padding-free batch; null = ordinary rows.</summary>
    public int[]? DocumentLengths { get; init; }

    /// <summary>Places [N] in the flattened batch whose hidden state predicts a supervised token, ascending.</summary>
    public required long[] TargetPositions { get; init; }

    /// <summary>The tokens to be predicted there [N].</summary>
    public required long[] TargetIds { get; init; }

    /// <summary>Targets of the rows [SampleCount × K] for a classifier of rows; null = none.</summary>
    public float[]? RowTargets { get; init; }

    /// <summary>The samples, in order.</summary>
    public IReadOnlyList<TrainingSample> Samples { get; init; } = [];

    /// <summary>Tokens without padding.</summary>
    public required int Tokens { get; init; }

    /// <summary>Samples in the batch; more than the rows where padding-free.</summary>
    public required int SampleCount { get; init; }

    /// <summary>Records in the batch.</summary>
    public required long[] RecordIndexes { get; init; }

    /// <summary>1 for a real token, 0 for padding, [Rows × Columns]; null where padding-free.</summary>
    public long[]? AttentionMask()
    {
        if (RowLengths is null)
        {
            return null;
        }

        var mask = new long[Rows * Columns];
        for (var row = 0; row < Rows; row++)
        {
            mask.AsSpan(row * Columns, RowLengths[row]).Fill(1);
        }

        return mask;
    }

    /// <summary>Positions that restart at each document [Columns]; null for ordinary rows.</summary>
    public long[]? PositionIds()
    {
        if (DocumentLengths is null)
        {
            return null;
        }

        var positions = new long[Columns];
        var at = 0;
        foreach (var length in DocumentLengths)
        {
            for (var i = 0; i < length; i++)
            {
                positions[at++] = i;
            }
        }

        return positions; // padding after the documents keeps position 0
    }
}
