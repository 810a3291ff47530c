using System.Globalization;
using System.Runtime.CompilerServices;

namespace TrainTools.Core.Cleaning.Text;

/// <summary>Words for counting and for n-grams: runs of letters, digits and marks; characters of scripts without spaces one by one.</summary>
internal static class WordTokens
{
    /// <summary>Whether words of the character's script are not set apart by spaces.</summary>
    public static bool IsUnspaced(char c) => c is (>= '\u3040' and <= '\u30ff') or (>= '\u3400' and <= '\u4dbf') or (>= '\u4e00' and <= '\u9fff') or (>= '\uf900' and <= '\ufaff') or (>= '\u0e00' and <= '\u0e7f');

    /// <summary>Number of words: runs between white space, unspaced characters one by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Count(ReadOnlySpan<char> text)
    {
        var count = 0;
        var inWord = false;
        foreach (var c in text)
        {
            if (c > '\u0e00' && IsUnspaced(c))
            {
                count++;
                inWord = false;
                continue;
            }

            var space = c <= ' ' || (c > '\u007f' && char.IsWhiteSpace(c));
            count += !space && !inWord ? 1 : 0;
            inWord = !space;
        }

        return count;
    }

    /// <summary>Hashes of the words in lower case, punctuation left out.</summary>
    public static List<ulong> Hashes(ReadOnlySpan<char> text)
    {
        var words = new List<ulong>(text.Length / 5);
        const ulong Start = 14695981039346656037UL;
        var hash = Start;
        foreach (var c in text)
        {
            if (IsWord(c))
            {
                hash = (hash ^ Lower(c)) * 1099511628211UL;
                if (c > '\u0e00' && IsUnspaced(c))
                {
                    words.Add(hash);
                    hash = Start;
                }
            }
            else if (hash != Start)
            {
                words.Add(hash);
                hash = Start;
            }
        }

        if (hash != Start)
        {
            words.Add(hash);
        }

        return words;
    }

    private static ulong Lower(char c) => c < '\u0080' ? (c is >= 'A' and <= 'Z' ? c | 0x20u : c) : char.ToLowerInvariant(c);

    private static bool IsWord(char c) => c < '\u0080' ? char.IsAsciiLetterOrDigit(c) : char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.Surrogate;
}
