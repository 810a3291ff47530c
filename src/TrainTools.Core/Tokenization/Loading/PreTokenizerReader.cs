using TrainTools.Core.Tokenization.PreTokenizers;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Loading;

/// <summary>Reads the "pre_tokenizer" of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    private const string Supported =
        "Sequence, ByteLevel, Split, Whitespace, WhitespaceSplit, BertPreTokenizer, Metaspace, Digits, Punctuation, CharDelimiterSplit, UnicodeScripts, FixedLength";

    public static IPreTokenizer Read(JsonPart part) => part.Type switch
    {
        "Sequence" => new PreTokenizerSequence([.. part.Get("pretokenizers").Items().Select(Read)]),
        "ByteLevel" => new ByteLevelPreTokenizer(part.Flag("add_prefix_space", true), part.Flag("use_regex", true)),
        "Split" => new SplitPreTokenizer(PatternReader.Read(part.Get("pattern")), ReadBehavior(part.Get("behavior")), part.Flag("invert", false)),
        "Whitespace" => new SplitPreTokenizer(new WordsPattern(), SplitBehavior.Removed, invert: true),
        "WhitespaceSplit" => new SplitPreTokenizer(new CodePointPattern(CodePoints.IsWhiteSpace), SplitBehavior.Removed, false),
        "BertPreTokenizer" => new BertPreTokenizer(),
        "Metaspace" => new MetaspacePreTokenizer(part.Get("replacement").AsCharacter(), ReadScheme(part), part.Flag("split", true)),
        "Digits" => new SplitPreTokenizer(
            new CodePointPattern(CodePoints.IsNumber), part.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous, false),
        "Punctuation" => new SplitPreTokenizer(
            CodePointPattern.Punctuation, part.Find("behavior") is { } behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated, false),
        "CharDelimiterSplit" or "Delimiter" => new SplitPreTokenizer(
            new LiteralPattern(part.Get("delimiter").AsCharacter()), SplitBehavior.Removed, false),
        "UnicodeScripts" => new UnicodeScriptsPreTokenizer(),
        "FixedLength" => new FixedLengthPreTokenizer(
            part.Number("length", 5) is var length and > 0 ? length : throw part.Get("length").Wrong("a positive number")),
        var type => throw TokenizerErrors.Unsupported(part.File, part.Path, $"pre-tokenizer '{type}'", Supported),
    };

    /// <summary>The prepend scheme of a Metaspace, which older files write as add_prefix_space.</summary>
    public static PrependScheme ReadScheme(JsonPart part)
    {
        PrependScheme? scheme = part.TextOrNull("prepend_scheme") switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            null => null,
            _ => throw part.Get("prepend_scheme").Wrong("\"always\", \"first\" or \"never\""),
        };
        return part.FlagOrNull("add_prefix_space") == false ? PrependScheme.Never : scheme ?? PrependScheme.Always;
    }

    private static SplitBehavior ReadBehavior(JsonPart part) => part.AsText() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        _ => throw part.Wrong("Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous"),
    };
}
