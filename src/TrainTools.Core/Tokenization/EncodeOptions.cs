namespace TrainTools.Core.Tokenization;

/// <summary>A side of a token sequence.</summary>
public enum TokenSide
{
    /// <summary>The end.</summary>
    Right,

    /// <summary>The beginning.</summary>
    Left,
}

/// <summary>Which text of a pair is shortened.</summary>
public enum TruncationStrategy
{
    /// <summary>Whichever is longer, until both fit.</summary>
    LongestFirst,

    /// <summary>Only the first.</summary>
    OnlyFirst,

    /// <summary>Only the second.</summary>
    OnlySecond,
}

/// <summary>How long padding makes the sequences.</summary>
public enum PaddingStrategy
{
    /// <summary>No padding.</summary>
    None,

    /// <summary>As long as the longest of the batch.</summary>
    Longest,

    /// <summary>As long as <see cref="EncodeOptions.MaxLength"/>.</summary>
    MaxLength,
}

/// <summary>How texts are encoded.</summary>
public sealed record EncodeOptions
{
    /// <summary>Whether the model's tokens (BOS, [CLS] …) are put around the texts.</summary>
    public bool AddSpecialTokens { get; init; } = true;

    /// <summary>Most tokens of one sequence, those put around it included; null: no limit.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Where tokens are cut off; null: where tokenizer_config.json says, else the end.</summary>
    public TokenSide? TruncationSide { get; init; }

    /// <summary>Which text of a pair is shortened.</summary>
    public TruncationStrategy TruncationStrategy { get; init; }

    /// <summary>Tokens by which the pieces that are cut off overlap.</summary>
    public int Stride { get; init; }

    /// <summary>Whether sequences are filled up with padding tokens.</summary>
    public PaddingStrategy Padding { get; init; }

    /// <summary>Where padding goes; null: where tokenizer_config.json says, else the end.</summary>
    public TokenSide? PaddingSide { get; init; }

    /// <summary>Makes padded lengths a multiple of this; null: as they come.</summary>
    public int? PadToMultipleOf { get; init; }
}
