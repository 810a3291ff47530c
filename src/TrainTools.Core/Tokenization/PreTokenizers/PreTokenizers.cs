using TrainTools.Core.Tokenization.Patterns;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.PreTokenizers;

/// <summary>Cuts at the matches of a pattern.</summary>
internal sealed class SplitPreTokenizer(ITextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public ITextPattern Pattern { get; } = pattern;

    public SplitBehavior Behavior { get; } = behavior;

    public bool Invert { get; } = invert;

    public void Apply(PreTokenizedText text) =>
        text.Cut((part, parts) => TextCutter.Cut(part, Pattern, Behavior, Invert, parts));
}

/// <summary>GPT-2's words, written in its byte alphabet.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : IPreTokenizer
{
    private static readonly Normalizers.ByteLevelNormalizer ToBytes = new();

    public bool AddPrefixSpace { get; } = addPrefixSpace;

    public bool UseRegex { get; } = useRegex;

    public void Apply(PreTokenizedText text)
    {
        text.Cut((part, parts) =>
        {
            if (AddPrefixSpace && !part.Span.StartsWith(' '))
            {
                part.Prepend(" ");
            }

            if (UseRegex)
            {
                TextCutter.Cut(part, Gpt2Scanner.Instance, SplitBehavior.Isolated, false, parts);
            }
            else
            {
                parts.Add(new TextPart(part));
            }
        });
        text.Change(ToBytes.Normalize);
    }
}

/// <summary>BERT's words: white space dropped, every punctuation character by itself.</summary>
internal sealed class BertPreTokenizer : IPreTokenizer
{
    private static readonly CodePointPattern Space = new(CodePoints.IsWhiteSpace);

    public void Apply(PreTokenizedText text)
    {
        text.Cut((part, parts) => TextCutter.Cut(part, Space, SplitBehavior.Removed, false, parts));
        text.Cut((part, parts) => TextCutter.Cut(part, CodePointPattern.Punctuation, SplitBehavior.Isolated, false, parts));
    }
}

/// <summary>SentencePiece's words: spaces become "▁", and every "▁" begins a word.</summary>
internal sealed class MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split) : IPreTokenizer
{
    private readonly Normalizers.ReplaceNormalizer _replace = new(new LiteralPattern(" "), replacement);
    private readonly LiteralPattern _pattern = new(replacement);

    public void Apply(PreTokenizedText text) => text.Cut((part, parts) =>
    {
        _replace.Normalize(part);
        if (!part.Span.StartsWith(replacement, StringComparison.Ordinal)
            && (scheme == PrependScheme.Always || (scheme == PrependScheme.First && part.OriginalStart == 0)))
        {
            part.Prepend(replacement);
        }

        if (split)
        {
            TextCutter.Cut(part, _pattern, SplitBehavior.MergedWithNext, false, parts);
        }
        else
        {
            parts.Add(new TextPart(part));
        }
    });
}

/// <summary>When "▁" is put in front of a text.</summary>
internal enum PrependScheme
{
    /// <summary>Always.</summary>
    Always,

    /// <summary>Only at the very start of the input, not behind an added token.</summary>
    First,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>Cuts wherever the script changes; Hiragana and Katakana count as Han, spaces join what is before them.</summary>
internal sealed class UnicodeScriptsPreTokenizer : IPreTokenizer
{
    private const int LongVowelMark = 0x30FC;

    /// <summary>A space, or a character without script, goes with whatever stands before it.</summary>
    private const int Any = 0;

    private static readonly int Han = UnicodeTables.ScriptOf(0x4E00);
    private static readonly int Hiragana = UnicodeTables.ScriptOf(0x3042);
    private static readonly int Katakana = UnicodeTables.ScriptOf(0x30A2);

    public void Apply(PreTokenizedText text) => text.Cut((part, parts) =>
    {
        var span = part.Span;
        var cuts = new List<int>();
        var last = -1;
        for (var at = 0; at < span.Length;)
        {
            System.Text.Rune.DecodeFromUtf16(span[at..], out var rune, out var width);
            var script = ScriptOf(rune.Value);
            if (script != Any)
            {
                if (last != script)
                {
                    cuts.Add(at);
                }

                last = script;
            }

            at += width;
        }

        // As in the library, what stands before the first character with a script is lost.
        for (var i = 0; i < cuts.Count; i++)
        {
            parts.Add(new TextPart(part.Slice(cuts[i], i + 1 < cuts.Count ? cuts[i + 1] : part.Length)));
        }
    });

    private static int ScriptOf(int codePoint)
    {
        if (codePoint == ' ')
        {
            return Any;
        }

        var script = codePoint == LongVowelMark ? Han : UnicodeTables.ScriptOf(codePoint);
        return script == Hiragana || script == Katakana ? Han : script;
    }
}

/// <summary>Cuts into stretches of so many characters.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : IPreTokenizer
{
    public void Apply(PreTokenizedText text) => text.Cut((part, parts) =>
    {
        var span = part.Span;
        var start = 0;
        var count = 0;
        for (var at = 0; at < span.Length;)
        {
            at += char.IsHighSurrogate(span[at]) ? 2 : 1;
            if (++count == length || at >= span.Length)
            {
                parts.Add(new TextPart(part.Slice(start, at)));
                (start, count) = (at, 0);
            }
        }
    });
}
