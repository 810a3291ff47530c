using System.Text;

namespace TrainTools.Core.Tokenization.Text;

/// <summary>Makes sure a text can be written as UTF-8.</summary>
internal static class UnicodeText
{
    /// <summary>
    /// The text with every unpaired surrogate replaced by U+FFFD, as a UTF-8 encoder would. Lengths do not change, so
    /// offsets still fit the text as given.
    /// </summary>
    public static string Sanitize(string text)
    {
        var first = IndexOfUnpaired(text, 0);
        if (first < 0)
        {
            return text;
        }

        var characters = text.ToCharArray();
        for (var at = first; at >= 0; at = IndexOfUnpaired(text, at + 1))
        {
            characters[at] = '\uFFFD';
        }

        return new string(characters);
    }

    private static int IndexOfUnpaired(ReadOnlySpan<char> text, int from)
    {
        while (true)
        {
            var found = text[from..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (found < 0)
            {
                return -1;
            }

            var at = from + found;
            if (!Rune.TryCreate(text[at], at + 1 < text.Length ? text[at + 1] : '\0', out _))
            {
                return at;
            }

            from = at + 2;
        }
    }
}

/// <summary>Turns positions in UTF-16 units into positions in code points.</summary>
internal readonly struct CodePointIndex
{
    private readonly int[]? _index;

    public CodePointIndex(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            _index = null;
            return;
        }

        _index = new int[text.Length + 1];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            _index[i] = count;
            if (!char.IsHighSurrogate(text[i]))
            {
                count++;
            }
        }

        _index[text.Length] = count;
    }

    public int this[int position] => _index is null ? position : _index[position];
}
