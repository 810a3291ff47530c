using TrainTools.Core.Errors;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>The errors a tokenizer's files and inputs can cause, worded in one place.</summary>
internal static class TokenizerErrors
{
    /// <summary>The file's content is not what its format requires.</summary>
    public static TrainToolsException Invalid(string file, string where, string problem, Exception? inner = null) => new(
        ErrorIds.TokenizerFileInvalid,
        ErrorKind.InvalidData,
        where.Length == 0 ? $"{file}: {problem}." : $"{file}: {where}: {problem}.",
        "Download the model's tokenizer files again, or save them anew with the library that made them.",
        file,
        inner);

    /// <summary>A component, option or model type this tokenizer does not implement.</summary>
    public static TrainToolsException Unsupported(string file, string where, string what, string supported) => new(
        ErrorIds.TokenizerUnsupported,
        ErrorKind.NotSupported,
        $"{file}: {where}: {what} is not supported. Supported: {supported}.",
        "Use a model whose tokenizer is made of the supported parts.",
        file);

    /// <summary>A merge rule that cannot be read, or that names tokens the vocabulary lacks.</summary>
    public static TrainToolsException Merges(string file, int line, string problem) => new(
        ErrorIds.TokenizerMergesInvalid,
        ErrorKind.InvalidData,
        $"{file}: merge rule {line + 1}: {problem}.",
        "The merges do not belong to this vocabulary, or the file is damaged: download the tokenizer files again.",
        file);

    /// <summary>A token the tokenizer needs is not in the vocabulary.</summary>
    public static TrainToolsException TokenMissing(string file, string role, string token) => new(
        ErrorIds.TokenizerTokenMissing,
        ErrorKind.InvalidData,
        $"{file}: the {role} '{token}' is not in the vocabulary.",
        "The tokenizer's files do not belong together, or one is damaged: download them again.",
        file);

    /// <summary>A token id that lies outside the range ids can have.</summary>
    public static TrainToolsException OutOfRange(string file, string token, long id, long limit) => new(
        ErrorIds.TokenizerTokenOutOfRange,
        ErrorKind.InvalidData,
        $"{file}: token '{token}' has id {id}, outside the range 0 to {limit - 1}.",
        "The tokenizer's files do not belong together, or one is damaged: download them again.",
        file);

    /// <summary>What was given to the tokenizer cannot be encoded or decoded.</summary>
    public static TrainToolsException Input(string problem, string? remedy = null) => new(
        ErrorIds.TokenizerInputInvalid, ErrorKind.InvalidArgument, problem, remedy);
}
