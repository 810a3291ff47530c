using System.Text;
using CsCheck;
using TrainTools.Core.Tokenization.Models;
using TrainTools.Core.Tokenization.Patterns;
using TrainTools.Core.Tokenization.Text;

namespace TrainTools.Core.Tests.Tokenization;

/// <summary>The hand-written ways against the plain ones they stand for, on random input.</summary>
public class WordScannerTests
{
    private static readonly string[] Pieces =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u0085", "'s", "'S", "'ll", "'Ve", "'\u017F", "'", "a", "Z", "é", "ß", "你", "한", "\u0301",
        "1", "12", "1234", "½", "Ⅷ", "𝟘", "𝐀", "𐐷", "👍", "🇩🇪", "\u200D", ".", "...", "!", "_", "-", "(", "\u0000", "\uFFFD", "the", " the", "\n\n ", " \n",
    ];

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.OneOfConst(Pieces).Array[0, 40].Select(string.Concat),
        Gen.Char.Array[0, 60].Select(c => UnicodeText.Sanitize(new string(c))),
        Gen.Char[' ', '~'].Array[0, 60].Select(c => new string(c)));

    [Fact]
    public void Scanners_cut_where_their_patterns_cut()
    {
        foreach (var (source, scanner) in KnownPatterns.All)
        {
            var pattern = new RegexPattern(source);
            Texts.Sample(text => Assert.Equal(Find(pattern, text), Find(scanner, text)), iter: 3_000, threads: 1);
        }
    }

    [Fact]
    public void Merging_by_scan_and_by_heap_gives_what_the_rules_say()
    {
        // Ids 0 to 3 are symbols; each rule makes a new id.
        var rules = Gen.Int[0, 11].Array[2].Array[1, 8];
        Gen.Select(rules, Gen.Int[0, 3].Array[0, 120]).Sample(
            (pairs, symbols) =>
            {
                var table = new MergeTable(pairs.Length);
                var known = new Dictionary<(int, int), int>();
                for (var rank = 0; rank < pairs.Length; rank++)
                {
                    if (known.TryAdd((pairs[rank][0], pairs[rank][1]), rank))
                    {
                        table.Add(pairs[rank][0], pairs[rank][1], rank, rank + 4);
                    }
                }

                var merger = new SymbolMerger();
                merger.Clear();
                Array.ForEach(symbols, s => merger.Add(s, 1));
                merger.Merge(table);
                var expected = MergeOneByOne(symbols, known);
                Assert.Equal(expected.Select(e => e.Id), merger.Ids.ToArray());
                Assert.Equal(expected.Select(e => e.Length), merger.Lengths.ToArray());
            },
            iter: 2_000,
            threads: 1);
    }

    private static List<(int Id, int Length)> MergeOneByOne(int[] symbols, Dictionary<(int, int), int> rules)
    {
        var result = symbols.Select(s => (Id: s, Length: 1)).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(result.Count - 1, 0))
                .Where(i => rules.ContainsKey((result[i].Id, result[i + 1].Id)))
                .Select(i => (Rank: rules[(result[i].Id, result[i + 1].Id)], At: i))
                .DefaultIfEmpty((int.MaxValue, -1))
                .Min();
            if (best.Item2 < 0)
            {
                return result;
            }

            result[best.Item2] = (best.Item1 + 4, result[best.Item2].Length + result[best.Item2 + 1].Length);
            result.RemoveAt(best.Item2 + 1);
        }
    }

    private static string Find(ITextPattern pattern, string text)
    {
        var segments = new List<Segment>();
        pattern.Find(text, segments);
        return segments.Aggregate(new StringBuilder(), (all, s) => all.Append(s.Start).Append('-').Append(s.End).Append(s.IsMatch ? ' ' : '!')).ToString();
    }
}
