using System.Globalization;

using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;
using TrainTools.Core.Training;

namespace TrainTools.Core.Tests.Cleaning;

public class NearDuplicateTests
{
    private static readonly Lazy<List<TrainingRecord>> Sms = new(() =>
        [.. new DatasetReader(new() { Strict = true }).Read(TestData.Path("Cleaning", "sms-spam.tsv.gz"))]);

    private static Dictionary<(int, int), double> Truth() => CleaningGoldens.Lines("sms-spam-jaccard.tsv.gz").Skip(1)
        .Select(l => l.Split('\t'))
        .ToDictionary(
            c => (int.Parse(c[0], CultureInfo.InvariantCulture), int.Parse(c[1], CultureInfo.InvariantCulture)),
            c => double.Parse(c[2], CultureInfo.InvariantCulture) / double.Parse(c[3], CultureInfo.InvariantCulture));

    [Theory]
    [InlineData(0.8, 0.8, 0.99)]
    [InlineData(0.7, 0.7, 0.97)]
    [InlineData(0.8, 0.7, 0.9)]
    public void Pairs_of_the_sms_set_are_found_with_their_exact_similarity(double threshold, double from, double recall)
    {
        var options = new NearDuplicateOptions { Threshold = threshold, Normalization = TextNormalization.Lowercase };
        using var index = new NearDuplicateIndex(options, from, 1L << 30);
        foreach (var record in Sms.Value)
        {
            index.Add(index.Builder.Build(record.Text!, null));
        }

        var truth = Truth();
        var found = index.AllPairs().ToDictionary(m => (m.Kept, m.Record), m => m.Similarity.Overall);

        // Every pair that is reported is a true one, and its similarity is the exact fraction.
        Assert.All(found, f => Assert.Equal(truth[f.Key], f.Value, 12));
        var wanted = truth.Count(t => t.Value >= from);
        Assert.True(found.Count >= recall * wanted, $"{found.Count} of {wanted}");
    }

    [Fact]
    public void Shingle_sets_of_the_sms_set_give_the_golden_similarities()
    {
        var shingler = new Shingler(5);
        foreach (var ((i, j), similarity) in Truth())
        {
            var a = shingler.Set(TextNormalizer.Normalize(Sms.Value[i].Text!, TextNormalization.Lowercase));
            var b = shingler.Set(TextNormalizer.Normalize(Sms.Value[j].Text!, TextNormalization.Lowercase));
            Assert.Equal(similarity, Shingler.Jaccard(a, b), 12);
        }
    }

    [Theory]
    [InlineData(0.8, 0.5)]
    [InlineData(0.8, 0.7)]
    [InlineData(0.8, 0.8)]
    [InlineData(0.7, 0.4)]
    [InlineData(0.7, 0.6)]
    public void The_rate_of_candidates_follows_the_curve_of_the_banding(double threshold, double similarity)
    {
        const int Pairs = 2000;
        var options = new NearDuplicateOptions { Threshold = threshold };
        var banding = options.Banding;
        var hasher = new MinHasher(options.Permutations);
        var random = new SeededRandom(7, RandomPurpose.PlantedNoise);
        var candidates = 0;
        var estimate = 0.0;
        var a = new uint[options.Permutations];
        var b = new uint[options.Permutations];
        for (var pair = 0; pair < Pairs; pair++)
        {
            // Two sets of Jaccard similarity exactly common / union.
            const int Union = 200;
            var common = (int)Math.Round(similarity * Union);
            var members = Enumerable.Range(0, Union).Select(_ => random.NextUInt64()).ToArray();
            var half = (Union - common) / 2;
            hasher.Sign([.. members[..common], .. members[common..(common + half)]], a);
            hasher.Sign([.. members[..common], .. members[(common + half)..]], b);
            estimate += MinHasher.Estimate(a, b);
            var shared = Enumerable.Range(0, banding.Bands).Any(band =>
                a.AsSpan(band * banding.Rows, banding.Rows).SequenceEqual(b.AsSpan(band * banding.Rows, banding.Rows)));
            candidates += shared ? 1 : 0;
        }

        var expected = banding.CandidateProbability(similarity);
        var deviation = Math.Sqrt(Math.Max(1e-3, expected * (1 - expected)) / Pairs);
        Assert.InRange((double)candidates / Pairs, expected - (5 * deviation), expected + (5 * deviation));
        var spread = Math.Sqrt(similarity * (1 - similarity) / options.Permutations / Pairs);
        Assert.InRange(estimate / Pairs, similarity - (5 * spread), similarity + (5 * spread));
    }

    [Fact]
    public void Bandings_are_the_longest_with_the_recall()
    {
        Assert.Equal(new LshBanding(21, 6), LshBanding.ForThreshold(0.8, 128));
        Assert.Equal(new LshBanding(32, 4), LshBanding.ForThreshold(0.7, 128));
        Assert.Equal(0.399, new LshBanding(9, 13).CandidateProbability(0.8), 3);
        Assert.Equal(0.924, new LshBanding(14, 8).CandidateProbability(0.8), 3);
    }

    [Fact]
    public void A_chain_is_not_merged_into_one()
    {
        // Each text resembles the next, the first does not resemble the last.
        var random = new SeededRandom(3, RandomPurpose.PlantedNoise);
        var text = Enumerable.Range(0, 400).Select(_ => (char)('a' + random.NextInt(26))).ToArray();
        using var index = new NearDuplicateIndex(new NearDuplicateOptions(), 0.8, 1 << 30);
        const int Links = 12;
        for (var i = 0; i < Links; i++)
        {
            index.Add(index.Builder.Build(new string(text), null));
            for (var edit = 0; edit < 4; edit++)
            {
                text[(i * 4 + edit) * 8] = '#';
            }
        }

        var matches = index.Match(null, _ => false, (_, _) => true, _ => true).ToList();
        var removed = matches.Select(m => m.Record).ToHashSet();
        Assert.NotEmpty(matches);
        Assert.DoesNotContain(Links - 1, matches.Where(m => m.Kept == 0).Select(m => m.Record));
        Assert.All(matches, m => Assert.DoesNotContain(m.Kept, removed));
        Assert.All(matches, m => Assert.True(m.Similarity.Overall >= 0.8));
    }

    [Fact]
    public void A_tiny_budget_spills_and_changes_nothing()
    {
        List<NearMatch> Run(long memory, out long spilled)
        {
            using var index = new NearDuplicateIndex(new NearDuplicateOptions(), 0.7, memory);
            for (var copy = 0; copy < 4; copy++)
            {
                foreach (var record in Sms.Value)
                {
                    index.Add(index.Builder.Build(record.Text! + new string('.', copy), null));
                }
            }

            var result = index.Match(null, _ => false, (_, _) => true, m => m.Similarity.Least >= 0.8).ToList();
            spilled = index.SpilledBytes;
            return result;
        }

        var plain = Run(1L << 30, out var none);
        var spilled = Run(1 << 20, out var some);
        Assert.Equal(0, none);
        Assert.True(some > 1 << 20);
        Assert.Equal(plain, spilled);
    }

    [Theory]
    [InlineData("3 cats and 12 dogs", "3 cats and 12 dogs!", 1.0)]
    [InlineData("3 cats and 12 dogs", "4 cats and 12 dogs", 1 / 3.0)]
    [InlineData("7 7 7", "7 7", 2 / 3.0)]
    [InlineData("none", "at all", 1.0)]
    public void Numbers_in_common(string a, string b, double expected) =>
        Assert.Equal(expected, SimilarityChecker.Agreement(NumberList.Of(a), NumberList.Of(b)), 12);
}
