using TrainTools.Core.Tokenization.Normalizers;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "normalizer" of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    private const string Supported = "Sequence, Prepend, Replace";

    public static INormalizer Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new NormalizerSequence([.. part.Get("normalizers").Items().Select(Read)]),
        "Prepend" => new PrependNormalizer(part.Text("prepend")),
        "Replace" => new ReplaceNormalizer(PatternReader.Read(part.Get("pattern")), part.Text("content")),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"normalizer '{type}'", Supported),
    };
}
