using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>
/// A pattern that leaves nothing between its matches, written out by hand: for the few patterns nearly all models use, a
/// scanner is many times as fast as a regex.
/// </summary>
internal abstract class WordScanner : ITextPattern
{
    private static readonly CharacterKind[] Kinds = BuildKinds();

    /// <summary>What the patterns tell apart.</summary>
    protected enum CharacterKind : byte
    {
        Other,
        Letter,
        Number,
        Space,
    }

    /// <summary>Where the match that begins at <paramref name="start"/> ends; <paramref name="start"/> is inside the text.</summary>
    public abstract int Next(ReadOnlySpan<char> text, int start);

    /// <inheritdoc/>
    public void Find(string text, List<Segment> segments)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = Next(text, start);
            segments.Add(new Segment(start, end, true));
            start = end;
        }
    }

    /// <summary>Kind and width (1 or 2 units) of the character at a position.</summary>
    protected static CharacterKind KindAt(ReadOnlySpan<char> text, int at, out int width)
    {
        var unit = text[at];
        if (!char.IsHighSurrogate(unit) || at + 1 >= text.Length)
        {
            width = 1;
            return Kinds[unit];
        }

        width = 2;
        return KindOf(char.ConvertToUtf32(unit, text[at + 1]));
    }

    /// <summary>End of the run of one kind of character that begins at <paramref name="at"/>.</summary>
    protected static int RunEnd(ReadOnlySpan<char> text, int at, CharacterKind kind)
    {
        while (at < text.Length)
        {
            var unit = text[at];
            if (char.IsHighSurrogate(unit))
            {
                if (KindAt(text, at, out var width) != kind)
                {
                    return at;
                }

                at += width;
            }
            else if (Kinds[unit] == kind)
            {
                at++;
            }
            else
            {
                return at;
            }
        }

        return at;
    }

    /// <summary>
    /// End of white space by \s+(?!\S)|\s+: all of it at the end of the text; else all but its last character, which
    /// belongs to the word behind it, unless that is all there is. White space is always one unit wide.
    /// </summary>
    protected static int SpaceEnd(int start, int runEnd, int textLength) =>
        runEnd == textLength || runEnd == start + 1 ? runEnd : runEnd - 1;

    private static CharacterKind[] BuildKinds()
    {
        var kinds = new CharacterKind[0x10000];
        for (var unit = 0; unit < kinds.Length; unit++)
        {
            kinds[unit] = char.IsSurrogate((char)unit) ? CharacterKind.Other : KindOf(unit);
        }

        return kinds;
    }

    private static CharacterKind KindOf(int codePoint) =>
        CodePoints.IsLetter(codePoint) ? CharacterKind.Letter
        : CodePoints.IsNumber(codePoint) ? CharacterKind.Number
        : CodePoints.IsWhiteSpace(codePoint) ? CharacterKind.Space
        : CharacterKind.Other;
}

/// <summary>GPT-2's pattern.</summary>
internal sealed class Gpt2Scanner : WordScanner
{
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public static Gpt2Scanner Instance { get; } = new();

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && Contraction(text[(start + 1)..]) is var length and > 0)
        {
            return start + 1 + length;
        }

        var at = first == ' ' && start + 1 < text.Length ? start + 1 : start;
        var kind = KindAt(text, at, out var width);
        if (kind != CharacterKind.Space)
        {
            return RunEnd(text, at + width, kind);
        }

        return SpaceEnd(start, RunEnd(text, start, CharacterKind.Space), text.Length);
    }

    private static int Contraction(ReadOnlySpan<char> rest) => rest switch
    {
        ['s' or 't' or 'm' or 'd', ..] => 1,
        ['r' or 'v', 'e', ..] => 2,
        ['l', 'l', ..] => 2,
        _ => 0,
    };
}

/// <summary>
/// The pattern of cl100k and its children: Llama 3, Qwen 2 to 3, OLMo 2, SmolLM 3 and others, which differ in how many
/// digits make a word.
/// </summary>
internal sealed class ClScanner : WordScanner
{
    private readonly int _digits;

    public ClScanner(int digits)
    {
        _digits = digits;
    }

    /// <summary>The pattern for words of up to so many digits.</summary>
    public static string PatternFor(int digits) =>
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + (digits == 1 ? "" : "{1,3}")
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && Contraction(text[(start + 1)..]) is var length and > 0)
        {
            return start + 1 + length;
        }

        var kind = KindAt(text, start, out var width);
        if (kind == CharacterKind.Letter)
        {
            return RunEnd(text, start + width, CharacterKind.Letter);
        }

        if (kind == CharacterKind.Number)
        {
            return Digits(text, start + width);
        }

        var next = start + width;
        var nextWidth = 0;
        var nextKind = next < text.Length ? KindAt(text, next, out nextWidth) : CharacterKind.Space;
        if (nextKind == CharacterKind.Letter && first is not ('\r' or '\n'))
        {
            return RunEnd(text, next + nextWidth, CharacterKind.Letter);
        }

        if (kind == CharacterKind.Other || (first == ' ' && nextKind == CharacterKind.Other))
        {
            var end = RunEnd(text, next, CharacterKind.Other);
            while (end < text.Length && text[end] is '\r' or '\n')
            {
                end++;
            }

            return end;
        }

        var runEnd = RunEnd(text, next, CharacterKind.Space);
        var lineEnd = text[start..runEnd].LastIndexOfAny('\r', '\n');
        return lineEnd >= 0 ? start + lineEnd + 1 : SpaceEnd(start, runEnd, text.Length);
    }

    private static int Contraction(ReadOnlySpan<char> rest) => rest switch
    {
        // The long s folds to s.
        ['s' or 'S' or '\u017F' or 't' or 'T' or 'm' or 'M' or 'd' or 'D', ..] => 1,
        ['r' or 'R' or 'v' or 'V', 'e' or 'E', ..] => 2,
        ['l' or 'L', 'l' or 'L', ..] => 2,
        _ => 0,
    };

    private int Digits(ReadOnlySpan<char> text, int at)
    {
        for (var count = 1; count < _digits && at < text.Length && KindAt(text, at, out var width) == CharacterKind.Number; count++)
        {
            at += width;
        }

        return at;
    }
}

/// <summary>The patterns for which there is a scanner.</summary>
internal static class KnownPatterns
{
    private static readonly Dictionary<string, WordScanner> Scanners = new(StringComparer.Ordinal)
    {
        [Gpt2Scanner.Pattern] = Gpt2Scanner.Instance,
        [ClScanner.PatternFor(1)] = new ClScanner(1),
        [ClScanner.PatternFor(3)] = new ClScanner(3),
    };

    /// <summary>The scanner that does what a pattern does, or null.</summary>
    public static WordScanner? Find(string pattern) => Scanners.GetValueOrDefault(pattern);

    /// <summary>All of them, for tests.</summary>
    public static IReadOnlyDictionary<string, WordScanner> All => Scanners;
}
