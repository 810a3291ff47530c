using System.Globalization;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Counts of a text's characters, taken in one pass.</summary>
internal readonly struct TextStatistics
{
    private TextStatistics(int letters, int digits, int spaces, int punctuation, int symbols, int control, int replacement, int words)
    {
        Letters = letters;
        Digits = digits;
        Spaces = spaces;
        Punctuation = punctuation;
        Symbols = symbols;
        Control = control;
        Replacement = replacement;
        Words = words;
    }

    public int Letters { get; }

    public int Digits { get; }

    public int Spaces { get; }

    /// <summary>Punctuation common in prose.</summary>
    public int Punctuation { get; }

    /// <summary>Everything else that is visible.</summary>
    public int Symbols { get; }

    /// <summary>Control characters other than white space, and byte-order marks inside the text.</summary>
    public int Control { get; }

    /// <summary>U+FFFD.</summary>
    public int Replacement { get; }

    /// <summary>Runs of characters between white space.</summary>
    public int Words { get; }

    /// <summary>Characters that are not white space.</summary>
    public int Visible => Letters + Digits + Punctuation + Symbols;

    public static TextStatistics Of(ReadOnlySpan<char> text)
    {
        int letters = 0, digits = 0, spaces = 0, punctuation = 0, symbols = 0, control = 0, replacement = 0, words = 0;
        var inWord = false;
        foreach (var c in text)
        {
            var wasIn = inWord;
            inWord = true;
            if (char.IsAsciiLetter(c))
            {
                letters++;
            }
            else if (c is ' ' or '\n' or '\r' or '\t')
            {
                spaces++;
                inWord = false;
            }
            else if (char.IsAsciiDigit(c))
            {
                digits++;
            }
            else if (c < '\u0080')
            {
                if (c < ' ' || c == '\u007f')
                {
                    control += c is '\f' or '\v' ? 0 : 1;
                }
                else if (c is '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '"' or '(' or ')' or '-')
                {
                    punctuation++;
                }
                else
                {
                    symbols++;
                }
            }
            else
            {
                Other(c, ref letters, ref digits, ref spaces, ref punctuation, ref symbols, ref control, ref replacement, ref inWord);
            }

            words += inWord && !wasIn ? 1 : 0;
        }

        return new TextStatistics(letters, digits, spaces, punctuation, symbols, control, replacement, words);
    }

    private static void Other(
        char c, ref int letters, ref int digits, ref int spaces, ref int punctuation, ref int symbols, ref int control, ref int replacement, ref bool inWord)
    {
        if (c == '\ufffd')
        {
            replacement++;
            return;
        }

        switch (char.GetUnicodeCategory(c))
        {
            case UnicodeCategory.Surrogate:
                // Half of an emoji or of a rare letter: counted as a letter, so that neither looks like noise.
            case <= UnicodeCategory.OtherLetter:
            case UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark:
                letters++;
                break;
            case UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber:
                digits++;
                break;
            case UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                spaces++;
                inWord = false;
                break;
            case UnicodeCategory.Control:
                control += c == '\u0085' ? 0 : 1;
                break;
            case UnicodeCategory.Format:
                control += c == '\ufeff' ? 1 : 0;
                break;
            case UnicodeCategory.DashPunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
                or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.OtherPunctuation:
                punctuation++;
                break;
            default:
                symbols++;
                break;
        }
    }
}
