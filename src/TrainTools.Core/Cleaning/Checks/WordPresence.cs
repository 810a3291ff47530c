namespace TrainTools.Core.Cleaning.Checks;

/// <summary>
/// Which words of a set occur once and which again, in a table of fixed size (8 MB): a word that shares its place with
/// another counts as known. Safe to fill from several threads; what it says afterwards does not depend on their order.
/// </summary>
internal sealed class WordPresence
{
    private const int Bits = 25;
    private readonly long[] _once = new long[1 << (Bits - 6)];
    private readonly long[] _again = new long[1 << (Bits - 6)];

    /// <summary>Adds the words (runs of letters) of a text.</summary>
    /// <returns>The place of the text's last word if it ends in one of small letters alone; -1 otherwise.</returns>
    public int Add(ReadOnlySpan<char> text)
    {
        var hash = 0u;
        var length = 0;
        var isSmall = true;
        foreach (var c in text)
        {
            var small = (uint)(c - 'a') < 26;
            if (small || (uint)(c - 'A') < 26 || (c >= '\u00aa' && char.IsLetter(c)))
            {
                isSmall &= small || char.IsLower(c);
                hash = (hash ^ (c < '\u0080' ? c | 0x20u : char.ToLowerInvariant(c))) * 0x9E3779B1;
                hash ^= hash >> 15;
                length++;
            }
            else if (length > 0)
            {
                Note(Place(hash));
                (hash, length, isSmall) = (0, 0, true);
            }
        }

        if (length == 0)
        {
            return -1;
        }

        Note(Place(hash));
        return isSmall && length > 1 ? Place(hash) : -1;
    }

    /// <summary>Whether a word occurred more than once.</summary>
    public bool IsKnown(int place) => (_again[place >> 6] & (1L << place)) != 0;

    private static int Place(uint hash) => (int)(hash * 0x85EBCA6B >> (32 - Bits));

    private void Note(int place)
    {
        var bit = 1L << place;
        ref var again = ref _again[place >> 6];
        if ((Volatile.Read(ref again) & bit) == 0 && (Interlocked.Or(ref _once[place >> 6], bit) & bit) != 0)
        {
            Interlocked.Or(ref again, bit);
        }
    }
}
