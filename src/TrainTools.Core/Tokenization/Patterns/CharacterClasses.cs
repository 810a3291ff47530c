using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tokenization.Patterns;

/// <summary>The named sets of regular expressions, as sets of code points, and their way into a .NET pattern.</summary>
internal static class CharacterClasses
{
    private static readonly ConcurrentDictionary<string, CodePointSet?> Cache = new(StringComparer.Ordinal);

    /// <summary>The ranges of every general category, found in one pass.</summary>
    private static readonly Lazy<List<(int Start, int End)>[]> Categories = new(FindCategories);

    /// <summary>Upper case without being a letter: Roman numerals, circled and squared letters.</summary>
    private static readonly (int, int)[] OtherUppercase =
        [(0x2160, 0x216F), (0x24B6, 0x24CF), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)];

    /// <summary>Lower case without being a lower-case letter: modifier letters, Roman numerals, circled letters; U+0295 as of Unicode 16.</summary>
    private static readonly (int, int)[] OtherLowercase =
    [
        (0xAA, 0xAA), (0xBA, 0xBA), (0x295, 0x295), (0x2B0, 0x2B8), (0x2C0, 0x2C1), (0x2E0, 0x2E4), (0x345, 0x345), (0x37A, 0x37A), (0x10FC, 0x10FC),
        (0x1D2C, 0x1D6A), (0x1D78, 0x1D78), (0x1D9B, 0x1DBF), (0x2071, 0x2071), (0x207F, 0x207F), (0x2090, 0x209C), (0x2170, 0x217F),
        (0x24D0, 0x24E9), (0x2C7C, 0x2C7D), (0xA69C, 0xA69D), (0xA770, 0xA770), (0xA7F2, 0xA7F4), (0xA7F8, 0xA7F9), (0xAB5C, 0xAB5F),
        (0xAB69, 0xAB69), (0x10780, 0x10780), (0x10783, 0x10785), (0x10787, 0x107B0), (0x107B2, 0x107BA), (0x1E030, 0x1E06D),
    ];

    public static CodePointSet Space => Named("space")!;

    /// <summary>\w inside brackets.</summary>
    public static CodePointSet Word => Named("[word]")!;

    /// <summary>
    /// \w outside brackets, and what \b goes by: below U+0100 Oniguruma asks a table of its own, which also has the
    /// superscript digits and the fractions.
    /// </summary>
    public static CodePointSet BareWord => Named("word")!;

    public static CodePointSet Digit => Named("nd")!;

    public static CodePointSet HexDigit { get; } = CodePointSet.Of(('0', '9'), ('A', 'F'), ('a', 'f'));

    public static CodePointSet NewLine { get; } = CodePointSet.Of(('\n', '\n'));

    /// <summary>The set behind \p{name} or [:name:], or null if there is none; case, spaces, - and _ do not matter.</summary>
    public static CodePointSet? Named(string name) => Cache.GetOrAdd(Simplified(name), Build);

    /// <summary>Writes a set as a .NET pattern that matches one code point, in one or two UTF-16 units.</summary>
    public static string Write(CodePointSet set)
    {
        var plane0 = new StringBuilder();
        var alternatives = new List<string>();
        foreach (var (start, end) in set.Ranges)
        {
            // Texts hold no unpaired surrogates, so a class may leave them out.
            AddUnits(plane0, start, Math.Min(end, 0xD7FF));
            AddUnits(plane0, Math.Max(start, 0xE000), Math.Min(end, 0xFFFF));
            AddPairs(alternatives, Math.Max(start, 0x10000), end);
        }

        if (plane0.Length > 0)
        {
            alternatives.Insert(0, "[" + plane0 + "]");
        }

        return alternatives.Count switch
        {
            0 => "(?!)",
            1 when plane0.Length > 0 => alternatives[0],
            _ => "(?:" + string.Join('|', alternatives) + ")",
        };
    }

    private static CodePointSet? Build(string name) => name switch
    {
        "any" => CodePointSet.Of((0, CodePointSet.Last)),
        "ascii" => CodePointSet.Of((0, 0x7F)),
        "space" or "whitespace" => CodePointSet.Of((9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)),
        "[word]" => Named("alpha")!.Union(CategorySet("m")!).Union(Digit).Union(CategorySet("pc")!),
        "word" => Word.Union(CodePointSet.Of((0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE))),
        "alpha" or "alphabetic" => CategorySet("l")!.Union(CategorySet("nl")!).Union(UnicodeTables.AlphabeticMarks).Union(CodePointSet.Of(CodePoints.AlphabeticSymbols)),
        "alnum" => Named("alpha")!.Union(Digit),
        "digit" => Digit,
        "upper" or "uppercase" => CategorySet("lu")!.Union(CodePointSet.Of(OtherUppercase)),
        "lower" or "lowercase" => CategorySet("ll")!.Union(CodePointSet.Of(OtherLowercase)),
        "punct" => CategorySet("p"),

        // In brackets, [:punct:] has the symbols too.
        "[punct]" => CategorySet("p")!.Union(CategorySet("s")!),
        "cntrl" => CategorySet("cc"),
        "graph" => Named("print")!.Intersect(Space.Complement()),
        "print" => CategorySet("cc")!.Union(CategorySet("cn")!).Union(CodePointSet.Of((0x2028, 0x2029), (0xD800, 0xDFFF))).Complement(),
        "xdigit" => HexDigit,
        "blank" => CategorySet("zs")!.Union(CodePointSet.Of(('\t', '\t'))),
        _ => CategorySet(name) ?? ScriptSet(name),
    };

    private static CodePointSet? ScriptSet(string name)
    {
        foreach (var (key, set) in UnicodeTables.Sets)
        {
            if (key.StartsWith("property ", StringComparison.Ordinal) && Simplified(key[9..]) == name)
            {
                return set;
            }
        }

        return null;
    }

    private static string Simplified(string name) => new([.. name.Where(c => c is not (' ' or '-' or '_')).Select(char.ToLowerInvariant)]);

    private static List<(int Start, int End)>[] FindCategories()
    {
        var ranges = new List<(int Start, int End)>[30];
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = [];
        }

        for (var start = 0; start <= CodePointSet.Last;)
        {
            var category = CodePoints.Category(start);
            var end = start + 1;
            while (end <= CodePointSet.Last && CodePoints.Category(end) == category)
            {
                end++;
            }

            ranges[(int)category].Add((start, end - 1));
            start = end;
        }

        return ranges;
    }

    private static CodePointSet? CategorySet(string name)
    {
        UnicodeCategory[]? categories = name switch
        {
            "l" or "letter" => [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter, UnicodeCategory.ModifierLetter, UnicodeCategory.OtherLetter],
            "lc" or "casedletter" => [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter],
            "lu" or "uppercaseletter" => [UnicodeCategory.UppercaseLetter],
            "ll" or "lowercaseletter" => [UnicodeCategory.LowercaseLetter],
            "lt" or "titlecaseletter" => [UnicodeCategory.TitlecaseLetter],
            "lm" or "modifierletter" => [UnicodeCategory.ModifierLetter],
            "lo" or "otherletter" => [UnicodeCategory.OtherLetter],
            "m" or "mark" => [UnicodeCategory.NonSpacingMark, UnicodeCategory.SpacingCombiningMark, UnicodeCategory.EnclosingMark],
            "mn" or "nonspacingmark" => [UnicodeCategory.NonSpacingMark],
            "mc" or "spacingmark" => [UnicodeCategory.SpacingCombiningMark],
            "me" or "enclosingmark" => [UnicodeCategory.EnclosingMark],
            "n" or "number" => [UnicodeCategory.DecimalDigitNumber, UnicodeCategory.LetterNumber, UnicodeCategory.OtherNumber],
            "nd" or "decimalnumber" => [UnicodeCategory.DecimalDigitNumber],
            "nl" or "letternumber" => [UnicodeCategory.LetterNumber],
            "no" or "othernumber" => [UnicodeCategory.OtherNumber],
            "p" or "punctuation" => [UnicodeCategory.ConnectorPunctuation, UnicodeCategory.DashPunctuation, UnicodeCategory.OpenPunctuation, UnicodeCategory.ClosePunctuation, UnicodeCategory.InitialQuotePunctuation, UnicodeCategory.FinalQuotePunctuation, UnicodeCategory.OtherPunctuation],
            "pc" or "connectorpunctuation" => [UnicodeCategory.ConnectorPunctuation],
            "pd" or "dashpunctuation" => [UnicodeCategory.DashPunctuation],
            "ps" or "openpunctuation" => [UnicodeCategory.OpenPunctuation],
            "pe" or "closepunctuation" => [UnicodeCategory.ClosePunctuation],
            "pi" or "initialpunctuation" => [UnicodeCategory.InitialQuotePunctuation],
            "pf" or "finalpunctuation" => [UnicodeCategory.FinalQuotePunctuation],
            "po" or "otherpunctuation" => [UnicodeCategory.OtherPunctuation],
            "s" or "symbol" => [UnicodeCategory.MathSymbol, UnicodeCategory.CurrencySymbol, UnicodeCategory.ModifierSymbol, UnicodeCategory.OtherSymbol],
            "sm" or "mathsymbol" => [UnicodeCategory.MathSymbol],
            "sc" or "currencysymbol" => [UnicodeCategory.CurrencySymbol],
            "sk" or "modifiersymbol" => [UnicodeCategory.ModifierSymbol],
            "so" or "othersymbol" => [UnicodeCategory.OtherSymbol],
            "z" or "separator" => [UnicodeCategory.SpaceSeparator, UnicodeCategory.LineSeparator, UnicodeCategory.ParagraphSeparator],
            "zs" or "spaceseparator" => [UnicodeCategory.SpaceSeparator],
            "zl" or "lineseparator" => [UnicodeCategory.LineSeparator],
            "zp" or "paragraphseparator" => [UnicodeCategory.ParagraphSeparator],
            "c" or "other" => [UnicodeCategory.Control, UnicodeCategory.Format, UnicodeCategory.OtherNotAssigned, UnicodeCategory.PrivateUse],
            "cc" or "control" => [UnicodeCategory.Control],
            "cf" or "format" => [UnicodeCategory.Format],
            "cn" or "unassigned" => [UnicodeCategory.OtherNotAssigned],
            "co" or "privateuse" => [UnicodeCategory.PrivateUse],
            _ => null,
        };
        return categories is null ? null : CodePointSet.Of(categories.SelectMany(c => Categories.Value[(int)c]));
    }

    private static void AddUnits(StringBuilder text, int start, int end)
    {
        if (start > end)
        {
            return;
        }

        AppendUnit(text, start);
        if (end > start)
        {
            text.Append('-');
            AppendUnit(text, end);
        }
    }

    private static void AddPairs(List<string> alternatives, int start, int end)
    {
        while (start <= end)
        {
            // All pairs with the same first unit, or as many whole blocks of 1,024 as there are.
            var high = High(start);
            var low = Low(start);
            var last = Math.Min(end, start | 0x3FF);
            if (low == 0xDC00 && Low(last) == 0xDFFF)
            {
                var blocks = (end + 1 - start) / 0x400;
                last = start + (blocks * 0x400) - 1;
            }

            var text = new StringBuilder("[");
            AddUnits(text, high, High(last));
            text.Append("][");
            AddUnits(text, low, Low(last));
            alternatives.Add(text.Append(']').ToString());
            start = last + 1;
        }
    }

    private static int High(int codePoint) => 0xD800 + ((codePoint - 0x10000) >> 10);

    private static int Low(int codePoint) => 0xDC00 + ((codePoint - 0x10000) & 0x3FF);

    private static void AppendUnit(StringBuilder text, int unit) => text.Append(CultureInfo.InvariantCulture, $"\\u{unit:X4}");
}
