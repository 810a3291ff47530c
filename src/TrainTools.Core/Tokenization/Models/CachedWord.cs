namespace TrainTools.Core.Tokenization.Models;

/// <summary>The tokens of a word, ready to be used again. Never changed once made.</summary>
internal sealed class CachedWord
{
    private readonly int[] _starts;
    private readonly int[] _ends;

    public CachedWord(int[] ids, int[] starts, int[] ends)
    {
        Ids = ids;
        _starts = starts;
        _ends = ends;
    }

    /// <summary>The ids.</summary>
    public int[] Ids { get; }

    /// <summary>
    /// Takes the symbols of a merged word. Their lengths are UTF-8 bytes; the offsets kept are UTF-16 units, where a
    /// symbol that is part of a character stands for the whole character.
    /// </summary>
    public static CachedWord From(SymbolMerger merger, ReadOnlySpan<char> word)
    {
        var lengths = merger.Lengths;
        var starts = new int[lengths.Length];
        var ends = new int[lengths.Length];
        var at = 0;
        var atByte = 0;
        var position = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            starts[i] = at;
            position += lengths[i];
            var end = at;
            var endByte = atByte;
            while (end < word.Length && endByte < position)
            {
                var (units, bytes) = Width(word, end);
                end += units;
                endByte += bytes;
                if (endByte <= position)
                {
                    at = end;
                    atByte = endByte;
                }
            }

            ends[i] = end;
        }

        return new CachedWord(merger.Ids.ToArray(), starts, ends);
    }

    /// <summary>Adds the tokens, <paramref name="offset"/> units further on.</summary>
    public void CopyTo(TokenBuffer tokens, int offset)
    {
        for (var i = 0; i < Ids.Length; i++)
        {
            tokens.Add(Ids[i], _starts[i] + offset, _ends[i] + offset);
        }
    }

    private static (int Units, int Bytes) Width(ReadOnlySpan<char> word, int at)
    {
        var unit = word[at];
        if (unit < 0x80)
        {
            return (1, 1);
        }

        if (unit < 0x800)
        {
            return (1, 2);
        }

        return char.IsHighSurrogate(unit) && at + 1 < word.Length ? (2, 4) : (1, 3);
    }
}
