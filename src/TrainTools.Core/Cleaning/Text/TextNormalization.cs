namespace TrainTools.Core.Cleaning.Text;

/// <summary>What is made equal before texts are compared.</summary>
public enum TextNormalization
{
    /// <summary>Nothing: character for character.</summary>
    None,

    /// <summary>Line ends and runs of white space become one space, white space at both ends is dropped.</summary>
    Whitespace,

    /// <summary>Lower case too. Digits, punctuation and every word stay.</summary>
    Lowercase,

    /// <summary>Canonically equal spellings (Unicode NFC) too. The default for exact duplicates.</summary>
    Standard,

    /// <summary>
    /// Also every number becomes 0, punctuation becomes white space and accents are dropped. Texts that mean different
    /// things become equal: for finding candidates, not for deleting.
    /// </summary>
    Aggressive,
}
