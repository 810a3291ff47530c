using System.Globalization;
using System.Runtime.CompilerServices;

namespace TrainTools.Core.Cleaning.Checks;

/// <summary>Counts of a text's characters, taken in one pass.</summary>
/// <param name="Letters">Letters and marks; halves of surrogate pairs too, so that neither emoji nor rare letters look like noise.</param>
/// <param name="Digits">Digits and other numbers.</param>
/// <param name="Punctuation">Punctuation common in prose.</param>
/// <param name="Symbols">Everything else that is visible.</param>
/// <param name="Replacement">U+FFFD.</param>
internal readonly record struct TextStatistics(int Letters, int Digits, int Punctuation, int Symbols, int Replacement)
{
    /// <summary>Characters that can be summed before one of the four 16-bit counters of a sum can overflow.</summary>
    private const int Stretch = ushort.MaxValue;

    /// <summary>What an ASCII character adds: one in the lowest 16 bits for a letter, in the next for a digit, for punctuation, for a symbol.</summary>
    private static readonly ulong[] Weights = [.. Enumerable.Range(0, 128).Select(c => Weight((char)c))];

    /// <summary>Characters that are neither white space nor control characters.</summary>
    public int Visible => Letters + Digits + Punctuation + Symbols;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TextStatistics Of(ReadOnlySpan<char> text)
    {
        var result = default(TextStatistics);
        var weights = Weights;
        while (!text.IsEmpty)
        {
            var stretch = text[..Math.Min(text.Length, Stretch)];
            text = text[stretch.Length..];
            ulong sum = 0;
            var replacement = 0;
            foreach (var c in stretch)
            {
                if (c < weights.Length)
                {
                    sum += weights[c];
                }
                else if (c == '\ufffd')
                {
                    replacement++;
                }
                else
                {
                    sum += WeightOf(c);
                }
            }

            result = new TextStatistics(
                result.Letters + (ushort)sum, result.Digits + (ushort)(sum >> 16), result.Punctuation + (ushort)(sum >> 32), result.Symbols + (ushort)(sum >> 48),
                result.Replacement + replacement);
        }

        return result;
    }

    private static ulong Weight(char c) => c switch
    {
        _ when char.IsAsciiLetter(c) => 1,
        _ when char.IsAsciiDigit(c) => 1UL << 16,
        <= ' ' or '\u007f' => 0,
        '.' or ',' or ';' or ':' or '!' or '?' or '\'' or '"' or '(' or ')' or '-' => 1UL << 32,
        _ => 1UL << 48,
    };

    private static ulong WeightOf(char c) => char.GetUnicodeCategory(c) switch
    {
        UnicodeCategory.Surrogate or <= UnicodeCategory.OtherLetter
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => 1,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => 1UL << 16,
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.Control or UnicodeCategory.Format => 0,
        UnicodeCategory.DashPunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.OtherPunctuation => 1UL << 32,
        _ => 1UL << 48,
    };
}
