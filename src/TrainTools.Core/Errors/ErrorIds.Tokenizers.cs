namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Tokenizers and their files
    public const string TokenizerNotFound = "TokenizerNotFound";
    public const string TokenizerFileInvalid = "TokenizerFileInvalid";
    public const string TokenizerUnsupported = "TokenizerUnsupported";
    public const string TokenizerMergesInvalid = "TokenizerMergesInvalid";
    public const string TokenizerTokenMissing = "TokenizerTokenMissing";
    public const string TokenizerTokenOutOfRange = "TokenizerTokenOutOfRange";
    public const string TokenizerVocabularyTooLarge = "TokenizerVocabularyTooLarge";
    public const string TokenizerInputInvalid = "TokenizerInputInvalid";
}
