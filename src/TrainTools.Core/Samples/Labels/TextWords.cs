using System.Globalization;
using System.Text;

namespace TrainTools.Core.Samples.Labels;

/// <summary>A word of a text.</summary>
/// <param name="Start">First character (UTF-16) of it.</param>
/// <param name="End">One past its last.</param>
public readonly record struct TextWord(int Start, int End);

/// <summary>
/// Cuts a text into the words that a tagger labels: at blanks, with punctuation at a word's edges as words of their own, as
/// data sets of tagged words have it. Signs that begin names and tags (@ # $) and apostrophes and hyphens inside stay.
/// </summary>
public static class TextWords
{
    /// <summary>The words in order.</summary>
    /// <param name="text">The text.</param>
    /// <param name="borders">Places where a word ends whatever stands there (the borders of known entities); null = none.</param>
    public static IReadOnlyList<TextWord> Split(string text, IReadOnlySet<int>? borders = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<TextWord>();
        var at = 0;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var end = at;
            while (end < text.Length && !char.IsWhiteSpace(text[end]) && (end == at || borders?.Contains(end) != true))
            {
                end++;
            }

            Peel(text, at, end, words);
            at = end;
        }

        return words;
    }

    private static void Peel(string text, int start, int end, List<TextWord> words)
    {
        while (start < end && IsEdge(text, start, out var width) && !(text[start] is '@' or '#' or '$' && start + 1 < end))
        {
            words.Add(new TextWord(start, start + width));
            start += width;
        }

        var tail = new List<TextWord>();
        while (end > start && IsEdge(text, LastIndex(text, end), out var width))
        {
            tail.Add(new TextWord(end - width, end));
            end -= width;
        }

        if (end > start)
        {
            words.Add(new TextWord(start, end));
        }

        tail.Reverse();
        words.AddRange(tail);
    }

    private static int LastIndex(string text, int end) => end >= 2 && char.IsSurrogatePair(text[end - 2], text[end - 1]) ? end - 2 : end - 1;

    // Punctuation and symbols; an emoji is a word.
    private static bool IsEdge(string text, int at, out int width)
    {
        if (!Rune.TryGetRuneAt(text, at, out var rune))
        {
            width = 1;
            return false;
        }

        width = rune.Utf16SequenceLength;
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
            or UnicodeCategory.OtherPunctuation or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.OtherSymbol or UnicodeCategory.ModifierSymbol;
    }
}
