using System.Text;
using System.Text.RegularExpressions;

using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Storage;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;
using TrainTools.Core.Tests.Datasets;
using TrainTools.Core.Training;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>What is done fast gives what is done plainly.</summary>
public class FastPathTests
{
    [Fact]
    public void Folding_equals_trimming_lowering_and_collapsing()
    {
        var random = new SeededRandom(5, RandomPurpose.PlantedNoise);
        const string Characters = "abAZ09 .,  \t\n\r\v\f\u001c\u001f";
        for (var round = 0; round < 3000; round++)
        {
            var wide = round % 3 == 0 ? "é" : "";
            var text = string.Concat(Enumerable.Range(0, random.NextInt(80)).Select(_ => Characters[random.NextInt(Characters.Length)])) + wide;
            var expected = Regex.Replace(text, "[\\s\u001c-\u001f]+", " ").Trim(' ');
            Assert.Equal(expected.ToLowerInvariant(), TextNormalizer.Normalize(text, TextNormalization.Standard));
            Assert.Equal(expected, TextNormalizer.Normalize(text, TextNormalization.Whitespace));
        }
    }

    [Fact]
    public void A_shingle_has_one_hash_whatever_stands_around_it()
    {
        // An emoji in the text takes it another way; the shingles before and behind are the same.
        var shingler = new Shingler(5);
        var plain = shingler.Set("the quick brown fox");
        var withEmoji = shingler.Set("the quick brown fox😀 and on");
        Assert.Equal(plain.Length, Shingler.Intersection(plain, withEmoji));
        Assert.Equal(15, plain.Length);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Sets_of_shingles_equal_those_of_strings(int size)
    {
        var random = new SeededRandom(6, RandomPurpose.PlantedNoise);
        for (var round = 0; round < 200; round++)
        {
            var a = Text(random);
            var b = Text(random);
            var (x, y) = (Strings(a, size), Strings(b, size));
            var expected = (double)x.Intersect(y).Count() / x.Union(y).Count();
            var shingler = new Shingler(size);
            Assert.Equal(expected, Shingler.Jaccard(shingler.Set(a), shingler.Set(b)), 12);
        }
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(5000, true)]
    [InlineData(5000, false)]
    public void Numbers_are_sorted(int count, bool inOrderOfLowHalves)
    {
        var random = new SeededRandom(7, RandomPurpose.PlantedNoise);
        var items = Enumerable.Range(0, count).Select(i => inOrderOfLowHalves ? (random.NextUInt64() << 32) | (uint)i : random.NextUInt64()).ToArray();
        var expected = items.Order().ToArray();
        RadixSort.Sort(items);
        Assert.Equal(expected, items);
    }

    [Fact]
    public void Repetition_ends_early_only_below_the_threshold()
    {
        var random = new SeededRandom(8, RandomPurpose.PlantedNoise);
        for (var round = 0; round < 300; round++)
        {
            var sentence = Text(random) + Text(random);
            var text = string.Concat(Enumerable.Repeat(sentence, 1 + (round % 5))) + Text(random);
            if (text.Length < 20)
            {
                continue;
            }

            var seen = new HashSet<string>();
            var sequences = text.Length - 9;
            var expected = Enumerable.Range(0, sequences).Count(i => !seen.Add(text.Substring(i, 10))) / (double)sequences;
            var actual = QualityCheck.Repetition(text, 0.6);
            Assert.Equal(expected >= 0.6, actual >= 0.6);
            Assert.Equal(expected, expected >= 0.6 ? actual : expected, 3);
            Assert.Equal(expected, QualityCheck.Repetition(text, 0), 3);
        }
    }

    [Fact]
    public void Characters_are_counted_by_kind()
    {
        var statistics = TextStatistics.Of("Ab1 é٣,“\u0301\ufffd§\t<😀");
        Assert.Equal(new TextStatistics(Letters: 6, Digits: 2, Punctuation: 3, Symbols: 1, Replacement: 1), statistics);
        Assert.Equal(200_000, TextStatistics.Of(new string('x', 200_000)).Letters);
    }

    [Fact]
    public void A_word_is_known_when_it_occurs_again()
    {
        var words = new WordPresence();
        words.Add("Rivers run to the sea");
        Assert.False(words.IsKnown(words.Add("They cross the moun")));
        Assert.True(words.IsKnown(words.Add("So do the rivers")));
        Assert.Equal(-1, words.Add("Written by Neil Fiore"));
        Assert.Equal(-1, words.Add("in 1968."));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Reading_ahead_gives_the_same_records_and_problems_in_the_same_order(int threads)
    {
        using var folder = new TempFolder();
        var lines = new StringBuilder();
        for (var i = 0; i < 3000; i++)
        {
            lines.Append((i % 7) switch
            {
                0 => $$"""{"prompt":"p{{i}}","completion":"c{{i}} \u00e9\n"}""",
                1 => $$"""{"messages":[{"role":"user","content":"u{{i}}"},{"role":"assistant","content":"a"}]}""",
                2 => $$"""{"prompt":"p{{i}}","completion":{{i}}}""",
                3 => $$"""{"prompt":"p{{i}}","completion":"c","id":{{i}}}""",
                4 => $$"""{"prompt":"p","prompt":"q{{i}}","completion":"c"}""",
                5 => $$"""{"messages":[{"role":"user","content":"u{{i}}","name":"x"}]} """,
                _ => $$"""{"prompt":"\ud800","completion":"{{i}}"}""",
            }).Append('\n');
        }

        lines.Append(System.Text.Json.JsonSerializer.Serialize(new { prompt = new string('x', 1 << 20), completion = "y" }));
        var path = folder.Write("a.jsonl", lines.ToString());
        var (records, problems) = Read(path, 1);
        var (same, alike) = Read(path, threads);
        Assert.Equal(records, same);
        Assert.Equal(problems, alike);
        Assert.Equal(3 * 429 + 1 + 428, records.Count);
        Assert.Contains(problems, p => p.StartsWith("7: field 'prompt' holds half of a surrogate pair", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.StartsWith("5: not valid JSON", StringComparison.Ordinal));
        Assert.Contains(problems, p => p == "3: field 'completion' holds the number 2 where text is expected");
    }

    private static (List<string> Records, List<string> Problems) Read(string path, int threads)
    {
        var problems = new List<string>();
        var reader = new DatasetReader(new() { Threads = threads, OnProblem = p => problems.Add($"{p.Line}: {p.Reason}") });
        return ([.. reader.Read(path).Select(r => $"{r.Index} {r.SourceLine} {r.Shape} {r.Prompt} {r.Completion} {string.Join('|', r.Messages ?? [])} {r.Extra?.ToJsonString()}")], problems);
    }

    private static string Text(SeededRandom random)
    {
        string[] pieces = ["ab", "c", "é", "😀", " ", "the ", "on"];
        return string.Concat(Enumerable.Range(0, 1 + random.NextInt(15)).Select(_ => pieces[random.NextInt(pieces.Length)]));
    }

    private static HashSet<string> Strings(string text, int size)
    {
        var runes = text.EnumerateRunes().Select(r => r.ToString()).ToArray();
        return runes.Length < size
            ? [string.Concat(runes)]
            : [.. Enumerable.Range(0, runes.Length - size + 1).Select(i => string.Concat(runes[i..(i + size)]))];
    }
}
