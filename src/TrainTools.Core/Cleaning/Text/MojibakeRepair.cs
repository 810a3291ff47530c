using System.Buffers;
using System.Text;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>
/// Finds UTF-8 that was decoded with a one-byte character set (Ã© for é, â€™ for ’) and decodes it again. A sequence is
/// only taken for damage where the same characters would make no sense as they stand; several rounds undo text that was
/// damaged more than once.
/// </summary>
public static class MojibakeRepair
{
    private const int Rounds = 4;

    /// <summary>Marks that close or follow a word, and so may stand behind an accented letter without being damage.</summary>
    private static readonly SearchValues<char> Closers = SearchValues.Create("’‘”“»«…–—™®©°²³¹ºª„‚‹›•\u00a0´`¨¸");

    /// <summary>Repairs a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="places">Number of damaged places in the first round.</param>
    /// <returns>The repaired text; the text itself if nothing is damaged.</returns>
    public static string Repair(string text, out int places)
    {
        places = 0;
        if (Ascii.IsValid(text))
        {
            return text;
        }

        for (var round = 0; round < Rounds; round++)
        {
            var repaired = Pass(text, out var found);
            if (found == 0)
            {
                break;
            }

            places = round == 0 ? found : places;
            text = repaired;
        }

        return text;
    }

    private static string Pass(string text, out int places)
    {
        var result = new StringBuilder();
        places = 0;
        var copied = 0;
        for (var i = 0; i < text.Length;)
        {
            if (text[i] < '\u0080' || Damage(text, i, out var decoded) is not (> 0 and var length))
            {
                i++;
                continue;
            }

            result.Append(text, copied, i - copied).Append(decoded);
            places++;
            i += length;
            copied = i;
        }

        return places == 0 ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Length of the damage that begins at a place, and what it was; 0 if there is none.</summary>
    private static int Damage(string text, int at, out string decoded)
    {
        var length = Run(WrongCharset.Windows1252, text, at, out decoded, out var count);
        if (length > 0 && IsWestern(text, at, length, decoded, count))
        {
            return length;
        }

        if (length == 0 && LostSpace(text, at) is > 0 and var lost)
        {
            decoded = "à ";
            return lost;
        }

        length = Run(WrongCharset.Windows1251, text, at, out decoded, out count);
        if (length > 0 && (IsCyrillic(decoded, count) || (text[at] is 'Г' or 'п' && IsLetterInWord(text, at, length, decoded))))
        {
            return length;
        }

        length = Run(WrongCharset.Windows1250, text, at, out decoded, out _);
        if (length > 0 && text[at] is ('Ă' or 'Ĺ') && IsLetterInWord(text, at, length, decoded))
        {
            return length;
        }

        length = Run(WrongCharset.MacRoman, text, at, out decoded, out count);
        if (length > 0 && text[at] is ('√' or '‚') && (IsPunctuation(decoded) || IsLetterInWord(text, at, length, decoded)))
        {
            return length;
        }

        length = Run(WrongCharset.Ibm437, text, at, out decoded, out count);
        return length > 0 && text[at] is ('├' or 'Γ' or '╨' or '╤')
            && (IsPunctuation(decoded) || count >= 3 || (at > 0 && char.IsAsciiLetter(text[at - 1]) && AreLetters(decoded))) ? length : 0;
    }

    /// <summary>Sequences one behind the other.</summary>
    private static int Run(WrongCharset charset, string text, int at, out string decoded, out int count)
    {
        var result = new StringBuilder();
        var start = at;
        count = 0;
        while (at < text.Length && charset.Decode(text.AsSpan(at), out var rune) is > 0 and var length)
        {
            result.Append(rune);
            at += length;
            count++;
        }

        decoded = result.ToString();
        return at - start;
    }

    private static bool IsWestern(string text, int at, int length, string decoded, int count)
    {
        var lead = WrongCharset.Windows1252.Byte(text[at]);
        var first = char.ConvertToUtf32(decoded, 0);
        if (first is >= 0x80 and <= 0x9f)
        {
            return count > 1;
        }

        var closersOnly = !text.AsSpan(at + 1, length - 1).ContainsAnyExcept(Closers);
        var afterCapital = at > 0 && char.IsUpper(text[at - 1]);
        var inWord = (at > 0 && char.IsLetter(text[at - 1])) || (at + length < text.Length && char.IsLetter(text[at + length]));
        return lead switch
        {
            0xc2 => !(closersOnly && afterCapital),
            0xc3 => !(closersOnly && afterCapital && !IsLetterAfter(text, at + length)) && !SmallInCapitals(text, at + length, decoded, afterCapital) && !IsPossessive(text, at, length),
            0xc4 or 0xc5 => count > 1 || (inWord && !(closersOnly && (afterCapital || !IsLetterAfter(text, at + length))) && !SmallInCapitals(text, at + length, decoded, afterCapital)),
            >= 0xc6 and <= 0xdf => count > 1 && !closersOnly && AreLetters(decoded),
            0xe2 => first is >= 0x2000 and <= 0x2bff,
            0xef when first is 0xfeff or 0xfffd => true,
            >= 0xe0 and <= 0xef => count > 1 || !closersOnly,
            _ => first is (>= 0x1f000 and <= 0x1faff) or (>= 0x20000 and <= 0x2fa1f) or (>= 0x1d400 and <= 0x1d7ff),
        };
    }

    /// <summary>
    /// A small letter behind a capital and not before a small one: the characters are meant as they stand. In PÃ©rez they are not.
    /// </summary>
    private static bool SmallInCapitals(string text, int next, string decoded, bool afterCapital) =>
        afterCapital && char.IsLower(decoded[0]) && !(next < text.Length && char.IsLower(text[next]));

    /// <summary>A letter that is spoken of: Ã’s.</summary>
    private static bool IsPossessive(string text, int at, int length) =>
        length == 2 && text[at + 1] == '’' && (at == 0 || !char.IsLetter(text[at - 1])) && text.AsSpan(at + 2).StartsWith("s ");

    /// <summary>à whose second byte, a no-break space, has become a plain space: Ã in front of a lower-case word.</summary>
    private static int LostSpace(string text, int at)
    {
        if (text[at] != 'Ã' || at + 1 >= text.Length || text[at + 1] != ' ' || (at > 0 && !(char.IsAsciiLetterLower(text[at - 1]) || text[at - 1] is ' ' or '\'')))
        {
            return 0;
        }

        var length = at + 2 < text.Length && text[at + 2] == ' ' ? 3 : 2;
        return at + length < text.Length && char.IsAsciiLetterLower(text[at + length]) ? length : 0;
    }

    private static bool IsCyrillic(string decoded, int count) =>
        IsPunctuation(decoded) || (count >= 2 && decoded.All(c => c is (>= '\u0400' and <= '\u04ff') or (>= '\u2010' and <= '\u203a') or '«' or '»' or '\u00a0'));

    private static bool IsPunctuation(string decoded) => decoded.All(c => c is (>= '\u2010' and <= '\u203a') or '€' or '™');

    private static bool IsLetterInWord(string text, int at, int length, string decoded) =>
        AreLetters(decoded) && ((at > 0 && char.IsAsciiLetterLower(text[at - 1])) || IsLetterAfter(text, at + length));

    private static bool IsLetterAfter(string text, int at) => at < text.Length && char.IsAsciiLetter(text[at]);

    private static bool AreLetters(string text) => text.EnumerateRunes().All(r => Rune.IsLetter(r) || Rune.GetUnicodeCategory(r) is System.Globalization.UnicodeCategory.NonSpacingMark);
}
