using System.Buffers;
using System.Globalization;
using System.Text;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>Applies a <see cref="TextNormalization"/>. Case and white space follow Unicode alone, never the culture.</summary>
public static class TextNormalizer
{
    /// <summary>White space other than the blank.</summary>
    private static readonly SearchValues<char> Breaks = SearchValues.Create("\t\n\v\f\r\u001c\u001d\u001e\u001f");

    /// <summary>The normalised text.</summary>
    public static string Normalize(string text, TextNormalization normalization)
    {
        if (normalization == TextNormalization.None || text.Length == 0)
        {
            return text;
        }

        var rented = ArrayPool<char>.Shared.Rent(MostCharacters(text.Length));
        try
        {
            return Normalize(text, normalization, rented, out var length) is { } longer
                ? longer
                : length == text.Length && text.AsSpan().SequenceEqual(rented.AsSpan(0, length)) ? text : new string(rented, 0, length);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    /// <summary>Room that a normalised text may need: lower case can make two characters of one.</summary>
    internal static int MostCharacters(int length) => 2 * length;

    /// <summary>Normalises into memory of the caller.</summary>
    /// <param name="text">The text.</param>
    /// <param name="normalization">What is made equal.</param>
    /// <param name="target">Room for <see cref="MostCharacters"/>.</param>
    /// <param name="length">Characters written.</param>
    /// <returns>Null; or the result, where it needs more room than there is (decomposed characters).</returns>
    internal static string? Normalize(string text, TextNormalization normalization, Span<char> target, out int length)
    {
        if (normalization == TextNormalization.None)
        {
            text.CopyTo(target);
            length = text.Length;
            return null;
        }

        var lower = normalization >= TextNormalization.Lowercase;
        var isAscii = Ascii.IsValid(text);
        if (isAscii && normalization <= TextNormalization.Standard)
        {
            length = FoldAscii(text, lower, target);
            return null;
        }

        var composed = normalization >= TextNormalization.Standard ? UnicodeComposition.Compose(text) : text;
        if (normalization == TextNormalization.Aggressive)
        {
            composed = Coarsen(UnicodeComposition.Decompose(composed));
        }

        if (MostCharacters(composed.Length) <= target.Length)
        {
            length = Fold(composed, lower, target);
            return null;
        }

        var wider = new char[MostCharacters(composed.Length)];
        length = Fold(composed, lower, wider);
        return new string(wider, 0, length);
    }

    /// <summary>White space as Python's str.isspace has it (.NET's set and the four separators 1C to 1F).</summary>
    public static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r') or (>= '\u001c' and <= '\u001f') || (c > '\u007f' && char.IsWhiteSpace(c));

    /// <summary>The same for ASCII, many characters at a time: lower case first, then the stretches between irregular blanks.</summary>
    private static int FoldAscii(ReadOnlySpan<char> text, bool lower, Span<char> target)
    {
        target = target[..text.Length];
        if (lower)
        {
            _ = Ascii.ToLower(text, target, out _);
        }
        else
        {
            text.CopyTo(target);
        }

        var length = 0;
        var at = 0;
        var nextDouble = -1;
        while (true)
        {
            while (at < target.Length && IsSpace(target[at]))
            {
                at++;
            }

            if (at == target.Length)
            {
                return length;
            }

            if (length > 0)
            {
                target[length++] = ' ';
            }

            if (nextDouble < at)
            {
                var found = target[at..].IndexOf("  ");
                nextDouble = found < 0 ? int.MaxValue : at + found;
            }

            var stretch = target[at..].IndexOfAny(Breaks);
            var end = Math.Min(stretch < 0 ? target.Length : at + stretch, nextDouble);
            var words = target[at..end].TrimEnd(' ');
            words.CopyTo(target[length..]);
            length += words.Length;
            at = end;
        }
    }

    /// <summary>Collapses white space, and lowers case, in one pass; the number of characters written.</summary>
    private static int Fold(string text, bool lower, Span<char> target)
    {
        var length = 0;
        var pendingSpace = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (IsSpace(c))
            {
                pendingSpace = length > 0;
                continue;
            }

            if (pendingSpace)
            {
                target[length++] = ' ';
                pendingSpace = false;
            }

            if (!lower || c is (>= 'a' and <= 'z') or (< 'A') or (> 'Z' and < '\u0080'))
            {
                target[length++] = c;
            }
            else if (c <= 'Z')
            {
                target[length++] = (char)(c | 0x20);
            }
            else
            {
                length += Lower(text, ref i, target[length..]);
            }
        }

        return length;
    }

    private static int Lower(string text, ref int i, Span<char> target)
    {
        var c = text[i];
        if (c == '\u0130')
        {
            target[0] = 'i';
            target[1] = '\u0307';
            return 2;
        }

        if (c == '\u03a3')
        {
            target[0] = IsFinalSigma(text, i) ? '\u03c2' : '\u03c3';
            return 1;
        }

        if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
        {
            var rune = Rune.ToLowerInvariant(new Rune(c, text[i + 1]));
            i++;
            return rune.EncodeToUtf16(target);
        }

        target[0] = char.ToLowerInvariant(c);
        return 1;
    }

    /// <summary>A capital sigma behind a letter and not before one (ignoring marks and apostrophes) lowers to the final form.</summary>
    private static bool IsFinalSigma(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsCaseIgnorable(text[before]))
        {
            before--;
        }

        var after = at + 1;
        while (after < text.Length && IsCaseIgnorable(text[after]))
        {
            after++;
        }

        return before >= 0 && IsCased(text[before]) && !(after < text.Length && IsCased(text[after]));
    }

    private static bool IsCased(char c) => char.IsUpper(c) || char.IsLower(c);

    private static bool IsCaseIgnorable(char c) =>
        c is '\'' or '\u2019' or '.' or ':' or '\u00b7' or '^' or '`' or '\u00a8' or '\u00ad' || char.GetUnicodeCategory(c) is
            UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    /// <summary>Numbers to 0, punctuation and symbols to spaces, combining marks dropped.</summary>
    private static string Coarsen(string text)
    {
        var result = new char[text.Length];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsDigit(c))
            {
                while (i + 1 < text.Length && (char.IsDigit(text[i + 1]) || (text[i + 1] is '.' or ',' && i + 2 < text.Length && char.IsDigit(text[i + 2]))))
                {
                    i++;
                }

                result[length++] = '0';
            }
            else if (char.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)
            {
                result[length++] = char.IsPunctuation(c) || char.IsSymbol(c) || char.IsControl(c) ? ' ' : c;
            }
        }

        return new string(result, 0, length);
    }
}
