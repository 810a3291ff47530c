namespace TrainTools.Core.Samples;

/// <summary>
/// A row as the model sees it: one record, or several packed into one row. Labels stand at the position of the token they
/// name (the shift happens in the batch); -100 = not supervised.
/// </summary>
public sealed record TrainingSample
{
    /// <summary>Label of a position without loss.</summary>
    public const int Ignored = -100;

    /// <summary>Token ids.</summary>
    public required int[] InputIds { get; init; }

    /// <summary>Labels, as many as ids.</summary>
    public required int[] Labels { get; init; }

    /// <summary>Lengths of the documents in a packed row, which do not see each other; null = the row is one piece.</summary>
    public int[]? DocumentLengths { get; init; }

    /// <summary>
    /// What a classifier of the whole row learns: the number of its class, a value to be met, or one number a class where
    /// several apply; null for language and for labels of tokens.
    /// </summary>
    public float[]? RowTargets { get; init; }

    /// <summary>Number of the word that each token belongs to, -1 for tokens around the text (tagging, masked language models); null elsewhere.</summary>
    public int[]? WordIds { get; init; }

    /// <summary>Given label of every word of the record (tagging), on the first of its windows; null elsewhere.</summary>
    public int[]? WordLabels { get; init; }

    /// <summary>Whether a remedy has taken the row out: it stays in its place and teaches nothing.</summary>
    public bool IsPassedOver { get; init; }

    /// <summary>Numbers (<see cref="Data.TrainingRecord.Index"/>) of the records in the row, in order.</summary>
    public required long[] RecordIndexes { get; init; }

    /// <summary>How hard the row is for a curriculum: the scores that cleaning wrote into its records, on average; null where a record has none.</summary>
    public double? Difficulty { get; init; }

    /// <summary>Tokens in the row.</summary>
    public int Length => InputIds.Length;

    /// <summary>Positions with a label.</summary>
    public int SupervisedTokens
    {
        get
        {
            var count = 0;
            foreach (var label in Labels)
            {
                count += label == Ignored ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>The row's first tokens.</summary>
    public TrainingSample Truncate(int maxLength) =>
        Length <= maxLength ? this : this with { InputIds = InputIds[..maxLength], Labels = Labels[..maxLength] };
}
