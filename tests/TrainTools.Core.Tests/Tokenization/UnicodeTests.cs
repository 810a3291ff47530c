using System.Globalization;
using TrainTools.Core.Tokenization.Patterns;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>Normalization forms against the Unicode Consortium's test file; character classes against Oniguruma's.</summary>
public class UnicodeTests
{
    [Fact]
    public void Normalization_forms_pass_the_conformance_test()
    {
        var count = 0;
        foreach (var line in File.ReadLines(Path.Combine(TokenizerData.Folder("library"), "NormalizationTest.txt")).Where(l => l[0] != '#'))
        {
            var columns = line.Split(';').Select(Text).ToArray();
            Assert.Equal(columns[1], Normalize(columns[0], UnicodeForm.Nfc));
            Assert.Equal(columns[2], Normalize(columns[0], UnicodeForm.Nfd));
            Assert.Equal(columns[3], Normalize(columns[0], UnicodeForm.Nfkc));
            Assert.Equal(columns[4], Normalize(columns[0], UnicodeForm.Nfkd));
            Assert.Equal(columns[1], Normalize(columns[2], UnicodeForm.Nfc));
            Assert.Equal(columns[3], Normalize(columns[4], UnicodeForm.Nfkc));
            count++;
        }

        Assert.Equal(18_288, count);
    }

    [Fact]
    public void A_million_marks_on_one_letter_are_put_in_order_quickly()
    {
        // Above and below alternate: the worst case for sorting by insertion.
        var text = new NormalizedText("a" + string.Concat(Enumerable.Repeat("\u0301\u0316", 500_000)));
        UnicodeForms.Apply(text, UnicodeForm.Nfd);
        Assert.Equal(1_000_001, text.Length);
        Assert.Equal('\u0316', text.Span[1]);
        Assert.Equal('\u0301', text.Span[^1]);
    }

    [Fact]
    public void Character_classes_hold_what_Oniguruma_holds()
    {
        var classes = TokenizerData.Golden("library", "classes.json").EnumerateObject().ToList();
        Assert.True(classes.Count > 75);
        foreach (var entry in classes)
        {
            var ranges = entry.Value.GetString()!.Split(' ').Select(Range).ToList();
            var expected = CodePointSet.Of(ranges);

            // The edges of every range, and a sample of everything.
            var tried = ranges.SelectMany(r => new[] { r.Start - 1, r.Start, r.End, r.End + 1 })
                .Concat(Enumerable.Range(0, CodePointSet.Last + 1).Where(c => c < 0x300 || c % 509 == 0))
                .Where(c => c is >= 0 and <= CodePointSet.Last and not (>= 0xD800 and <= 0xDFFF))
                .ToHashSet();
            var pattern = new RegexPattern(entry.Name);
            var text = string.Concat(tried.Order().Select(char.ConvertFromUtf32));
            var segments = new List<Segment>();
            pattern.Find(text, segments);
            var found = segments.Where(s => s.IsMatch).Select(s => char.ConvertToUtf32(text, s.Start)).ToHashSet();
            var wrong = tried.Where(c => expected.Contains(c) != found.Contains(c)).Select(c => c.ToString("X", CultureInfo.InvariantCulture));
            Assert.True(!wrong.Any(), $"{entry.Name}: {string.Join(' ', wrong.Take(20))}");
        }
    }

    [Theory]
    [InlineData("(a", "')' is missing")]
    [InlineData("a)", "unmatched ')'")]
    [InlineData("[a", "']' is missing")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData(@"\p{Nonsense}", "no character class 'Nonsense'")]
    [InlineData(@"(a)\1", "back-references")]
    [InlineData("[z-a]", "the range is empty")]
    [InlineData(@"a\", "a lone '\\'")]
    [InlineData(@"\x{110000}", "hexadecimal code point")]
    [InlineData("(?q:a)", "group option 'q'")]
    public void A_malformed_pattern_says_what_is_wrong(string pattern, string problem) =>
        Assert.Contains(problem, Assert.Throws<FormatException>(() => new RegexPattern(pattern)).Message);

    private static string Normalize(string text, UnicodeForm form)
    {
        var normalized = new NormalizedText(text);
        UnicodeForms.Apply(normalized, form);
        return normalized.Value;
    }

    private static string Text(string codePoints) => string.Concat(codePoints.Split(' ').Select(c => char.ConvertFromUtf32(Hex(c))));

    private static (int Start, int End) Range(string text)
    {
        var ends = text.Split('-');
        return (Hex(ends[0]), Hex(ends[^1]));
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
