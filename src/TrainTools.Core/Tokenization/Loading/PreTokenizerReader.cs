using TrainTools.Core.Tokenization.PreTokenizers;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "pre_tokenizer" of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    private const string Supported = "Sequence";

    public static IPreTokenizer Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new PreTokenizerSequence([.. part.Get("pretokenizers").Items().Select(Read)]),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"pre-tokenizer '{type}'", Supported),
    };
}
