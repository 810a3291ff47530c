using TrainTools.Core.Tokenization.Normalizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "normalizer" of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    private const string Supported =
        "Sequence, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, BertNormalizer, Replace, Prepend, Precompiled, ByteLevel, Nmt";

    public static INormalizer Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new NormalizerSequence([.. part.Get("normalizers").Items().Select(Read)]),
        "NFC" => new FormNormalizer(UnicodeForm.Nfc),
        "NFD" => new FormNormalizer(UnicodeForm.Nfd),
        "NFKC" => new FormNormalizer(UnicodeForm.Nfkc),
        "NFKD" => new FormNormalizer(UnicodeForm.Nfkd),
        "Lowercase" => new LowercaseNormalizer(),
        "StripAccents" => new StripAccentsNormalizer(),
        "Strip" => new StripNormalizer(part.Flag("strip_left", true), part.Flag("strip_right", true)),
        "BertNormalizer" => new BertNormalizer(
            part.Flag("clean_text", true), part.Flag("handle_chinese_chars", true), part.FlagOrNull("strip_accents"), part.Flag("lowercase", true)),
        "Replace" => new ReplaceNormalizer(PatternReader.Read(part.Get("pattern")), part.Text("content")),
        "Prepend" => new PrependNormalizer(part.Text("prepend")),
        "Precompiled" => ReadPrecompiled(part),
        "ByteLevel" => new ByteLevelNormalizer(),
        "Nmt" => new NmtNormalizer(),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"normalizer '{type}'", Supported),
    };

    private static INormalizer ReadPrecompiled(JsonPart part)
    {
        // Some converters write null where the SentencePiece model has no rules.
        if (part.Find("precompiled_charsmap") is not { } map)
        {
            return new NormalizerSequence([]);
        }

        try
        {
            return PrecompiledNormalizer.Read(Convert.FromBase64String(map.AsText()));
        }
        catch (FormatException e)
        {
            throw TokenizerErrors.Invalid(map.File, map.Path, $"the normalization rules cannot be read ({e.Message})", e);
        }
    }
}
