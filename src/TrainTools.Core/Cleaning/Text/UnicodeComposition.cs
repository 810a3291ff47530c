using System.Buffers;

using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>Unicode normal forms that do not depend on how the process was set up, with a fast way out for text that is in the form.</summary>
internal static class UnicodeComposition
{
    /// <summary>Characters that NFC leaves alone, whatever stands beside them: those of most text there is.</summary>
    private static readonly SearchValues<char> Stable = SearchValues.Create(
        [.. Range(0, 0x02ff), .. Range(0x0391, 0x03ce), .. Range(0x0400, 0x0482), .. Range(0x2010, 0x2027), .. Range(0x2030, 0x205e), '\u20ac', '\u2122',
         .. Range(0x2190, 0x21ff), .. Range(0x2500, 0x27ff), .. Range(0x3000, 0x3098), .. Range(0x309b, 0x30ff), .. Range(0x4e00, 0x9fff), .. Range(0xac00, 0xd7a3),
         .. Range(0xd83c, 0xd83e), .. Range(0xdc00, 0xdfff), .. Range(0xff01, 0xffef)]);

    /// <summary>NFC.</summary>
    public static string Compose(string text) => text.AsSpan().IndexOfAnyExcept(Stable) < 0 ? text : Apply(text, UnicodeForm.Nfc);

    /// <summary>NFD.</summary>
    public static string Decompose(string text) => Apply(text, UnicodeForm.Nfd);

    private static string Apply(string text, UnicodeForm form)
    {
        var normalized = new NormalizedText(text);
        UnicodeForms.Apply(normalized, form);
        return normalized.Value;
    }

    private static IEnumerable<char> Range(int first, int last) => Enumerable.Range(first, last - first + 1).Select(c => (char)c);
}
