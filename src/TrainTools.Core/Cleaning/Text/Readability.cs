namespace TrainTools.Core.Cleaning.Text;

/// <summary>How hard a text is to read.</summary>
public static class Readability
{
    /// <summary>
    /// Flesch-Kincaid grade: 0.39 words a sentence + 11.8 syllables a word - 15.59 (Kincaid et al. 1975). Syllables are
    /// groups of vowels, a silent e at the end left out: right for English, an order at best for other languages.
    /// </summary>
    public static double Grade(ReadOnlySpan<char> text)
    {
        int words = 0, sentences = 0, syllables = 0;
        for (var i = 0; i < text.Length;)
        {
            if (!char.IsLetter(text[i]))
            {
                sentences += text[i] is ('.' or '!' or '?' or '。') && i > 0 && char.IsLetterOrDigit(text[i - 1]) ? 1 : 0;
                i++;
                continue;
            }

            var start = i;
            while (i < text.Length && (char.IsLetter(text[i]) || text[i] == '\''))
            {
                i++;
            }

            words++;
            syllables += Syllables(text[start..i]);
        }

        return words == 0 ? 0 : (0.39 * words / Math.Max(1, sentences)) + (11.8 * syllables / words) - 15.59;
    }

    private static int Syllables(ReadOnlySpan<char> word)
    {
        var groups = 0;
        var inVowel = false;
        foreach (var c in word)
        {
            var vowel = "aeiouyäöüàâéèêëîïôûùáíóúAEIOUYÄÖÜÉÁ".Contains(c, StringComparison.Ordinal);
            groups += vowel && !inVowel ? 1 : 0;
            inVowel = vowel;
        }

        if (groups > 1 && word[^1] is ('e' or 'E') && !word.EndsWith("le", StringComparison.OrdinalIgnoreCase))
        {
            groups--;
        }

        return Math.Max(1, groups);
    }
}
