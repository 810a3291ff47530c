using System.Globalization;

namespace TrainTools.Core.Tokenization.Text;

/// <summary>
/// Properties of code points. They come from the runtime's own tables (Unicode 16), which neither ICU nor the culture
/// nor InvariantGlobalization touches, so every process gives the same tokens.
/// </summary>
internal static class CodePoints
{
    public static UnicodeCategory Category(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);

    /// <summary>\p{L}.</summary>
    public static bool IsLetter(int codePoint) => Category(codePoint) <= UnicodeCategory.OtherLetter;

    /// <summary>\p{N}.</summary>
    public static bool IsNumber(int codePoint) =>
        Category(codePoint) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>\p{M}.</summary>
    public static bool IsMark(int codePoint) =>
        Category(codePoint) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>White_Space, which is what \s means in the regex engines concerned.</summary>
    public static bool IsWhiteSpace(int codePoint) => codePoint <= 0xFFFF && char.IsWhiteSpace((char)codePoint);

    /// <summary>Symbols that are alphabetic: circled and squared Latin letters.</summary>
    public static readonly (int Start, int End)[] AlphabeticSymbols =
        [(0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];

    /// <summary>\w as Unicode (and Rust's regex crate) defines it: alphabetic, mark, decimal digit, connector punctuation, join control.</summary>
    public static bool IsWord(int codePoint) => Category(codePoint) switch
    {
        <= UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => true,
        UnicodeCategory.OtherSymbol => Array.Exists(AlphabeticSymbols, r => codePoint >= r.Start && codePoint <= r.End),
        _ => codePoint is 0x200C or 0x200D,
    };
}
