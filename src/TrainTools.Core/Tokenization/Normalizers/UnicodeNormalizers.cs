using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Normalizers;

/// <summary>NFC, NFD, NFKC or NFKD.</summary>
internal sealed class FormNormalizer(UnicodeForm form) : INormalizer
{
    public UnicodeForm Form { get; } = form;

    public void Normalize(NormalizedText text) => UnicodeForms.Apply(text, Form);
}

/// <summary>Lower-cases character by character, without regard to context.</summary>
internal sealed class LowercaseNormalizer : INormalizer
{
    /// <summary>The only character whose lower case is two: "İ".</summary>
    private const int DottedCapitalI = 0x130;

    public void Normalize(NormalizedText text)
    {
        if (!Changes(text.Span))
        {
            return;
        }

        var change = new TextChange(text, text.Length + 8);
        foreach (var rune in text.Value.EnumerateRunes())
        {
            if (rune.Value == DottedCapitalI)
            {
                change.Substitute('i');
                change.Insert(0x307);
            }
            else
            {
                change.Substitute(UnicodeTables.Lower(rune.Value));
            }
        }

        change.Apply();
    }

    private static bool Changes(ReadOnlySpan<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == DottedCapitalI || UnicodeTables.Lower(rune.Value) != rune.Value)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Drops combining marks; to strip accents from composed characters it must stand behind NFD.</summary>
internal sealed class StripAccentsNormalizer : INormalizer
{
    public void Normalize(NormalizedText text) => TextFilter.Keep(text, c => c < 0x300 || !UnicodeTables.CombiningMarks.Contains(c));
}

/// <summary>Drops white space at the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    public void Normalize(NormalizedText text)
    {
        var span = text.Span;
        var start = left ? span.Length - span.TrimStart().Length : 0;
        var end = right ? span.TrimEnd().Length : span.Length;
        if (start == 0 && end == span.Length)
        {
            return;
        }

        var change = new TextChange(text, Math.Max(end - start, 0));
        change.Skip(start);
        change.Keep(Math.Max(end - start, 0));
        change.Apply();
    }
}

/// <summary>SentencePiece's nmt rules: drops control characters, turns other space-like ones into spaces.</summary>
internal sealed class NmtNormalizer : INormalizer
{
    public void Normalize(NormalizedText text)
    {
        TextFilter.Keep(text, c => c is not ((>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F));
        TextFilter.Map(text, c => c is 0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD ? ' ' : c);
    }
}

/// <summary>Turns every character into the characters of GPT-2's byte alphabet for its UTF-8 bytes.</summary>
internal sealed class ByteLevelNormalizer : INormalizer
{
    public void Normalize(NormalizedText text)
    {
        Span<byte> utf8 = stackalloc byte[4];
        var change = new TextChange(text, text.Length + 16);
        foreach (var rune in text.Value.EnumerateRunes())
        {
            var count = rune.EncodeToUtf8(utf8);
            change.Substitute(ByteAlphabet.CharacterOf(utf8[0]));
            for (var i = 1; i < count; i++)
            {
                change.Insert(ByteAlphabet.CharacterOf(utf8[i]));
            }
        }

        change.Apply();
    }
}
