namespace TrainTools.Core.Cleaning.Text;

/// <summary>Which script a letter belongs to, for the scripts that most text is written in.</summary>
public static class Scripts
{
    /// <summary>Names of the scripts told apart.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["Latin", "Greek", "Cyrillic", "Armenian", "Hebrew", "Arabic", "Devanagari", "Bengali", "Tamil", "Thai", "Georgian", "Hangul", "Kana", "Han", "Other"];

    /// <summary>Number of the letter's script in <see cref="Names"/>.</summary>
    public static int Of(char letter) => letter switch
    {
        < '\u0250' or (>= '\u1e00' and <= '\u1eff') or (>= '\uff21' and <= '\uff5a') or (>= '\ufb00' and <= '\ufb06') => 0,
        (>= '\u0370' and <= '\u03ff') or (>= '\u1f00' and <= '\u1fff') => 1,
        >= '\u0400' and <= '\u052f' => 2,
        >= '\u0530' and <= '\u058f' => 3,
        >= '\u0590' and <= '\u05ff' => 4,
        (>= '\u0600' and <= '\u06ff') or (>= '\u0750' and <= '\u077f') or (>= '\ufb50' and <= '\ufeff') => 5,
        >= '\u0900' and <= '\u097f' => 6,
        >= '\u0980' and <= '\u09ff' => 7,
        >= '\u0b80' and <= '\u0bff' => 8,
        >= '\u0e00' and <= '\u0e7f' => 9,
        >= '\u10a0' and <= '\u10ff' => 10,
        (>= '\uac00' and <= '\ud7a3') or (>= '\u1100' and <= '\u11ff') => 11,
        >= '\u3040' and <= '\u30ff' => 12,
        (>= '\u3400' and <= '\u4dbf') or (>= '\u4e00' and <= '\u9fff') or (>= '\uf900' and <= '\ufaff') => 13,
        _ => 14,
    };

    /// <summary>Letters of each script.</summary>
    public static int[] Count(ReadOnlySpan<char> text)
    {
        var counts = new int[Names.Count];
        foreach (var c in text)
        {
            if (c < '\u0080' ? char.IsAsciiLetter(c) : char.IsLetter(c))
            {
                counts[Of(c)]++;
            }
        }

        return counts;
    }
}
