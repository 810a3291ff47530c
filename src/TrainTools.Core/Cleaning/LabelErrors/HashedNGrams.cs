namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>Features of a text without a vocabulary: hashes of its words, pairs of words, and character n-grams of words.</summary>
internal static class HashedNGrams
{
    /// <summary>Longest text that is looked at, in characters.</summary>
    private const int MaxCharacters = 20_000;

    /// <summary>Distinct 31-bit hashes, sorted.</summary>
    public static int[] Of(string text)
    {
        var features = new List<int>(text.Length);
        var span = text.AsSpan(0, Math.Min(text.Length, MaxCharacters));
        uint previous = 0;
        for (var i = 0; i < span.Length;)
        {
            if (!char.IsLetterOrDigit(span[i]))
            {
                if (!char.IsWhiteSpace(span[i]))
                {
                    features.Add(Final(span[i] * 0x85EBCA6Bu));
                }

                i++;
                continue;
            }

            var start = i;
            while (i < span.Length && (char.IsLetterOrDigit(span[i]) || span[i] == '\''))
            {
                i++;
            }

            var word = Hash(span[start..i], 0x9E3779B9);
            features.Add(Final(word));
            features.Add(Final((previous * 31) ^ word));
            previous = word;
            Characters(span[start..i], features);
        }

        features.Sort();
        var distinct = 0;
        for (var i = 0; i < features.Count; i++)
        {
            if (i == 0 || features[i] != features[i - 1])
            {
                features[distinct++] = features[i];
            }
        }

        return [.. features.Take(distinct)];
    }

    /// <summary>Sequences of 3 to 5 characters, the word's ends marked.</summary>
    private static void Characters(ReadOnlySpan<char> word, List<int> features)
    {
        Span<char> marked = stackalloc char[32];
        if (word.Length > 30)
        {
            word = word[..30];
        }

        marked[0] = '<';
        word.CopyTo(marked[1..]);
        marked[word.Length + 1] = '>';
        var length = word.Length + 2;
        for (var size = 3; size <= 5; size++)
        {
            for (var at = 0; at + size <= length; at++)
            {
                features.Add(Final(Hash(marked.Slice(at, size), (uint)size)));
            }
        }
    }

    private static uint Hash(ReadOnlySpan<char> text, uint seed)
    {
        var hash = seed;
        foreach (var c in text)
        {
            hash = (hash ^ char.ToLowerInvariant(c)) * 0x01000193;
        }

        return hash;
    }

    private static int Final(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x7FEB352D;
        hash ^= hash >> 15;
        hash *= 0x846CA68B;
        return (int)((hash ^ (hash >> 16)) & 0x7fffffff);
    }
}
