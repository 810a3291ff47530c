using System.Buffers;
using System.Globalization;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>Applies a <see cref="TextNormalization"/>. Case and white space follow Unicode alone, never the culture.</summary>
public static class TextNormalizer
{
    private static readonly SearchValues<char> FinalSigma = SearchValues.Create("\u03a3\u0130");

    /// <summary>The normalised text.</summary>
    public static string Normalize(string text, TextNormalization normalization)
    {
        if (normalization == TextNormalization.None || text.Length == 0)
        {
            return text;
        }

        if (normalization >= TextNormalization.Standard)
        {
            text = UnicodeComposition.Compose(text);
        }

        if (normalization == TextNormalization.Aggressive)
        {
            text = Coarsen(UnicodeComposition.Decompose(text));
        }

        return Fold(text, lower: normalization >= TextNormalization.Lowercase);
    }

    /// <summary>White space as Python's str.isspace has it (.NET's set and the four separators 1C to 1F).</summary>
    public static bool IsSpace(char c) => c is ' ' or (>= '\t' and <= '\r') or (>= '\u001c' and <= '\u001f') || (c > '\u007f' && char.IsWhiteSpace(c));

    /// <summary>Collapses white space, and lowers case, in one pass.</summary>
    private static string Fold(string text, bool lower)
    {
        var special = lower && text.AsSpan().ContainsAny(FinalSigma);
        var rented = ArrayPool<char>.Shared.Rent(special ? 2 * text.Length : text.Length);
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
                rented[length++] = ' ';
                pendingSpace = false;
            }

            if (!lower || c is (>= 'a' and <= 'z') or (< 'A') or (> 'Z' and < '\u0080'))
            {
                rented[length++] = c;
            }
            else if (c <= 'Z')
            {
                rented[length++] = (char)(c | 0x20);
            }
            else
            {
                length += Lower(text, ref i, rented.AsSpan(length));
            }
        }

        var result = length == text.Length && text.AsSpan().SequenceEqual(rented.AsSpan(0, length)) ? text : new string(rented, 0, length);
        ArrayPool<char>.Shared.Return(rented);
        return result;
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
            var rune = System.Text.Rune.ToLowerInvariant(new System.Text.Rune(c, text[i + 1]));
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
