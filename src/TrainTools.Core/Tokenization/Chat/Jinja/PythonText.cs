using System.Globalization;
using System.Text;

namespace TrainTools.Core.Tokenization.Chat.Jinja;

/// <summary>Python's idea of text: white space, lengths and slices in code points, case changes.</summary>
internal static class PythonText
{
    /// <summary>str.isspace for one UTF-16 unit (no white space lies outside the basic plane).</summary>
    public static bool IsSpace(char c) => c switch
    {
        <= ' ' => c is ' ' or (>= '\t' and <= '\r') or (>= '\x1c' and <= '\x1f'),
        '\x85' or '\xa0' => true,
        < '\u1680' => false,
        _ => c is '\u1680' or (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000',
    };

    public static string TrimStart(string text, string? characters = null)
    {
        var i = 0;
        while (i < text.Length && (characters is null ? IsSpace(text[i]) : characters.Contains(text[i], StringComparison.Ordinal)))
        {
            i++;
        }

        return text[i..];
    }

    public static string TrimEnd(string text, string? characters = null)
    {
        var i = text.Length;
        while (i > 0 && (characters is null ? IsSpace(text[i - 1]) : characters.Contains(text[i - 1], StringComparison.Ordinal)))
        {
            i--;
        }

        return text[..i];
    }

    public static string Trim(string text, string? characters = null) => TrimEnd(TrimStart(text, characters), characters);

    /// <summary>Length in code points.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        var n = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]))
            {
                n--;
                i++;
            }
        }

        return n;
    }

    public static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>The code points as strings of one.</summary>
    public static List<string> CodePoints(string text)
    {
        var list = new List<string>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                list.Add(text.Substring(i, 2));
                i++;
            }
            else
            {
                list.Add(text[i].ToString());
            }
        }

        return list;
    }

    /// <summary>str.title: a cased letter after an uncased one goes up, the others down.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append((inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune)).ToString());
            inWord = IsCased(rune);
        }

        return result.ToString();
    }

    /// <summary>str.capitalize.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
        {
            return text;
        }

        var first = char.IsHighSurrogate(text[0]) && text.Length > 1 ? 2 : 1;
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    public static string SwapCase(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append((Rune.IsUpper(rune) ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune)).ToString());
        }

        return result.ToString();
    }

    public static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    public static bool IsLower(string text) => AllCased(text, UnicodeCategory.LowercaseLetter);

    public static bool IsUpper(string text) => AllCased(text, UnicodeCategory.UppercaseLetter);

    public static bool All(string text, Func<Rune, bool> test) => text.Length > 0 && text.EnumerateRunes().All(test);

    /// <summary>str.splitlines: every line boundary that Python knows.</summary>
    public static List<string> SplitLines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
            {
                continue;
            }

            var end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                i++;
            }

            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    private static bool AllCased(string text, UnicodeCategory wanted)
    {
        var any = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!IsCased(rune))
            {
                continue;
            }

            if (Rune.GetUnicodeCategory(rune) != wanted)
            {
                return false;
            }

            any = true;
        }

        return any;
    }
}
