using TrainTools.Core.Tokenization.Decoders;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "decoder" of a tokenizer.json.</summary>
internal static class DecoderReader
{
    private const string Supported = "Sequence, Replace, ByteFallback, Fuse, Strip";

    public static IDecoder Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new DecoderSequence([.. part.Get("decoders").Items().Select(Read)]),
        "Replace" => new ReplaceDecoder(PatternReader.Read(part.Get("pattern")), part.Text("content")),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Strip" => new StripDecoder(part.Get("content").AsCharacter(), part.Number("start", 0), part.Number("stop", 0)),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"decoder '{type}'", Supported),
    };
}
