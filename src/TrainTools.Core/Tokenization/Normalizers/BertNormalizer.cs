using System.Globalization;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Normalizers;

/// <summary>BERT's cleaning: control characters away, Chinese characters set apart, accents and case removed.</summary>
internal sealed class BertNormalizer(bool cleanText, bool handleChinese, bool? stripAccents, bool lowercase) : INormalizer
{
    private static readonly LowercaseNormalizer Lower = new();

    public bool CleanText { get; } = cleanText;

    public bool HandleChinese { get; } = handleChinese;

    /// <summary>Null: as <see cref="Lowercase"/>.</summary>
    public bool? StripAccents { get; } = stripAccents;

    public bool Lowercase { get; } = lowercase;

    public void Normalize(NormalizedText text)
    {
        if (CleanText)
        {
            TextFilter.Keep(text, c => c is not (0 or 0xFFFD) && !IsControl(c));
            TextFilter.Map(text, c => CodePoints.IsWhiteSpace(c) ? ' ' : c);
        }

        if (HandleChinese)
        {
            SetApart(text);
        }

        if (StripAccents ?? Lowercase)
        {
            UnicodeForms.Apply(text, UnicodeForm.Nfd);
            TextFilter.Keep(text, c => c < 0x300 || !UnicodeTables.NonspacingMarks.Contains(c));
        }

        if (Lowercase)
        {
            Lower.Normalize(text);
        }
    }

    private static bool IsControl(int codePoint) => codePoint switch
    {
        '\t' or '\n' or '\r' => false,
        < 0xAD => codePoint is < 0x20 or (>= 0x7F and < 0xA0),
        _ => UnicodeTables.Format.Contains(codePoint) || CodePoints.Category(codePoint) == UnicodeCategory.PrivateUse,
    };

    /// <summary>The blocks of Chinese characters; as in the library, extension E begins at U+2B920.</summary>
    private static bool IsChinese(int codePoint) => codePoint >= 0x3400 && codePoint is (>= 0x4E00 and <= 0x9FFF)
        or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private static void SetApart(NormalizedText text)
    {
        if (text.Span.IndexOfAnyExceptInRange('\0', '\u33FF') < 0)
        {
            return;
        }

        var change = new TextChange(text, text.Length * 2);
        foreach (var rune in text.Value.EnumerateRunes())
        {
            if (IsChinese(rune.Value))
            {
                change.Substitute(' ');
                change.Insert(rune.Value);
                change.Insert(' ');
            }
            else
            {
                change.Keep(rune.Utf16SequenceLength);
            }
        }

        change.Apply();
    }
}
