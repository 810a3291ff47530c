namespace TrainTools.Core.Cleaning.Checks;

/// <summary>BIO (and BIOES, BILOU) tag sequences.</summary>
internal static class TagSequence
{
    /// <summary>Number of tags that continue an entity that was not begun; where the first is.</summary>
    public static int Invalid(IReadOnlyList<string> tags, out int first)
    {
        first = -1;
        var invalid = 0;
        for (var i = 0; i < tags.Count; i++)
        {
            if (Continues(tags[i]) && !(i > 0 && Open(tags[i - 1]) && SameType(tags[i - 1], tags[i])))
            {
                first = first < 0 ? i : first;
                invalid++;
            }
        }

        return invalid;
    }

    /// <summary>Which tag it is, for a verdict.</summary>
    public static string Describe(IReadOnlyList<string> tags, int at) => FormattableString.Invariant($"{tags[at]} at word {at + 1}");

    /// <summary>The tags with entities begun where they are only continued.</summary>
    public static string[] Repair(IReadOnlyList<string> tags)
    {
        var result = tags.ToArray();
        for (var i = 0; i < result.Length; i++)
        {
            if (Continues(result[i]) && !(i > 0 && Open(result[i - 1]) && SameType(result[i - 1], result[i])))
            {
                var opened = result[i][0] is 'I' or 'M' ? 'B' : result[i][0] == 'L' ? 'U' : 'S';
                result[i] = opened + result[i][1..];
            }
        }

        return result;
    }

    private static bool Continues(string tag) => IsTag(tag) && tag[0] is ('I' or 'M' or 'E' or 'L');

    private static bool Open(string tag) => IsTag(tag) && tag[0] is ('B' or 'I' or 'M');

    private static bool IsTag(string tag) => tag.Length > 2 && tag[1] is ('-' or '_');

    private static bool SameType(string a, string b) => a.AsSpan(1).SequenceEqual(b.AsSpan(1));
}
