using TrainTools.Core.Tokenization.Decoders;
using TrainTools.Core.Tokenization.PreTokenizers;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "decoder" of a tokenizer.json.</summary>
internal static class DecoderReader
{
    private const string Supported = "Sequence, ByteLevel, WordPiece, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace, CTC";

    public static IDecoder Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new DecoderSequence([.. part.Get("decoders").Items().Select(Read)]),
        "Replace" => new ReplaceDecoder(PatternReader.Read(part.Get("pattern")), part.Text("content")),
        "ByteLevel" => new ByteLevelDecoder(),
        "WordPiece" => new WordPieceDecoder(part.TextOrNull("prefix") ?? "##", part.Flag("cleanup", true)),
        "Metaspace" => new MetaspaceDecoder(part.Get("replacement").AsCharacter(), PreTokenizerReader.ReadScheme(part) != PrependScheme.Never),
        "BPEDecoder" => new SuffixDecoder(part.TextOrNull("suffix") ?? "</w>"),
        "CTC" => new CtcDecoder(part.TextOrNull("pad_token") ?? "<pad>", part.TextOrNull("word_delimiter_token") ?? "|", part.Flag("cleanup", true)),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Strip" => new StripDecoder(part.Get("content").AsCharacter(), part.Number("start", 0), part.Number("stop", 0)),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"decoder '{type}'", Supported),
    };
}
