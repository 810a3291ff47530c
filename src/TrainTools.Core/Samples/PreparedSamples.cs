namespace TrainTools.Core.Samples;

/// <summary>Why a record is not trained on.</summary>
public enum DropReason
{
    /// <summary>It has no tokens, or no token that could be predicted.</summary>
    NoTarget,

    /// <summary>Truncation took every supervised token.</summary>
    TargetTruncated,

    /// <summary>There is no text.</summary>
    EmptyText,
}

/// <summary>A record that is not trained on.</summary>
/// <param name="RecordIndex">Its number.</param>
/// <param name="File">File it came from; null if it was made in memory.</param>
/// <param name="Line">1-based line; 0 if unknown.</param>
/// <param name="Length">Tokens before truncation.</param>
/// <param name="Reason">Why.</param>
public sealed record DroppedRecord(long RecordIndex, string? File, long Line, int Length, DropReason Reason);

/// <summary>Samples ready for the loop, and what became of the records on the way.</summary>
public sealed record PreparedSamples
{
    /// <summary>Rows, packed where packing is on.</summary>
    public required IReadOnlyList<TrainingSample> Samples { get; init; }

    /// <summary>Records that gave no sample.</summary>
    public required IReadOnlyList<DroppedRecord> Dropped { get; init; }

    /// <summary>Records read.</summary>
    public required long Records { get; init; }

    /// <summary>Records that were longer than max_length.</summary>
    public required long Truncated { get; init; }

    /// <summary>Tokens that truncation cut off.</summary>
    public required long TokensLost { get; init; }

    /// <summary>Records whose prompt ends inside a token of the whole, so that the mask is off by it; the first is <see cref="FirstPromptSplit"/>.</summary>
    public required long PromptSplits { get; init; }

    /// <summary>File and line of the first such record.</summary>
    public string? FirstPromptSplit { get; init; }

    /// <summary>Tokens of all rows.</summary>
    public long Tokens => Samples.Sum(s => (long)s.Length);

    /// <summary>Tokens with a label.</summary>
    public long SupervisedTokens => Samples.Sum(s => (long)s.SupervisedTokens);

    /// <summary>The same account of records over other rows.</summary>
    public PreparedSamples With(IReadOnlyList<TrainingSample> samples) => this with { Samples = samples };
}
