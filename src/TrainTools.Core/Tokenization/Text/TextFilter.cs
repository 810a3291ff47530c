namespace TrainTools.Core.Tokenization.Text;

/// <summary>Changes of a text that look at one code point at a time.</summary>
internal static class TextFilter
{
    /// <summary>Drops the code points that do not satisfy a condition.</summary>
    public static void Keep(NormalizedText text, Func<int, bool> condition)
    {
        if (!Any(text.Span, c => !condition(c)))
        {
            return;
        }

        var change = new TextChange(text, text.Length);
        foreach (var rune in text.Value.EnumerateRunes())
        {
            if (condition(rune.Value))
            {
                change.Keep(rune.Utf16SequenceLength);
            }
            else
            {
                change.Skip(rune.Utf16SequenceLength);
            }
        }

        change.Apply();
    }

    /// <summary>Replaces each code point by another.</summary>
    public static void Map(NormalizedText text, Func<int, int> map)
    {
        if (!Any(text.Span, c => map(c) != c))
        {
            return;
        }

        var change = new TextChange(text, text.Length);
        foreach (var rune in text.Value.EnumerateRunes())
        {
            change.Substitute(map(rune.Value));
        }

        change.Apply();
    }

    private static bool Any(ReadOnlySpan<char> text, Func<int, bool> condition)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (condition(rune.Value))
            {
                return true;
            }
        }

        return false;
    }
}
