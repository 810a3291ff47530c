using System.Text.Json.Nodes;

using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Splitting;
using TrainTools.Core.Data.Statistics;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Datasets;

public class DatasetSplitterTests
{
    private static RecordSpool Spool(IEnumerable<TrainingRecord> records)
    {
        var spool = new RecordSpool(1 << 24);
        foreach (var record in records)
        {
            spool.Add(record);
        }

        return spool;
    }

    private static TrainingRecord Text(int i, string? label = null, string? group = null) => new()
    {
        Shape = RecordShape.Classification,
        Text = $"{new Random(i).NextInt64()} {new Random(i + 5000).NextInt64()} {new Random(i + 9000).NextInt64()}",
        Label = label ?? "x",
        Extra = group is null ? null : new JsonObject { ["customer"] = group },
    };

    [Fact]
    public void Shares_are_met_and_the_seed_decides()
    {
        using var spool = Spool(Enumerable.Range(0, 1000).Select(i => Text(i)));
        var options = new DatasetSplitOptions { ValidationShare = 0.2, TestShare = 0.1 };
        var split = DatasetSplitter.Split(spool, options);
        Assert.Equal((700, 200, 100), (split.Count(SplitSide.Train), split.Count(SplitSide.Validation), split.Count(SplitSide.Test)));
        Assert.Equal(split.Sides, DatasetSplitter.Split(spool, options).Sides);
        Assert.NotEqual(split.Sides, DatasetSplitter.Split(spool, options with { Seed = 43 }).Sides);
    }

    [Fact]
    public void Labels_keep_their_shares()
    {
        using var spool = Spool(Enumerable.Range(0, 1000).Select(i => Text(i, i % 10 == 0 ? "rare" : "common")));
        var split = DatasetSplitter.Split(spool, new() { ValidationShare = 0.2, Stratify = true });
        Assert.Equal(20, Enumerable.Range(0, 1000).Count(i => i % 10 == 0 && split.Sides[i] == SplitSide.Validation));
        Assert.Equal(180, Enumerable.Range(0, 1000).Count(i => i % 10 != 0 && split.Sides[i] == SplitSide.Validation));
    }

    [Fact]
    public void No_group_and_no_cluster_of_near_duplicates_has_two_sides()
    {
        var texts = Enumerable.Range(0, 300).Select(i => Text(i, group: $"c{i % 60}")).ToList();

        // Chains of copies that differ by a word each, across groups.
        texts.AddRange(Enumerable.Range(0, 50).SelectMany(i => Enumerable.Range(1, 3).Select(k => texts[i] with { Text = texts[i].Text + new string('!', k), Extra = new JsonObject { ["customer"] = $"d{i}-{k}" } })));
        using var spool = Spool(texts);
        var split = DatasetSplitter.Split(spool, new() { ValidationShare = 0.3, GroupField = "customer" });
        var sides = texts.Select((t, i) => (Group: (string)t.Extra!["customer"]!, Stem: t.Text!.TrimEnd('!'), Side: split.Sides[i])).ToList();
        Assert.All(sides.GroupBy(s => s.Group), g => Assert.Single(g.Select(s => s.Side).Distinct()));
        Assert.All(sides.GroupBy(s => s.Stem), g => Assert.Single(g.Select(s => s.Side).Distinct()));
        Assert.InRange(split.Count(SplitSide.Validation), 100, 170);
    }

    [Theory]
    [InlineData(0.6, 0.5, null)]
    [InlineData(0, 0, null)]
    [InlineData(0.1, 0, "nothing")]
    public void Impossible_splits_are_refused(double validation, double test, string? field)
    {
        using var spool = Spool([Text(1), Text(2)]);
        var error = Assert.Throws<TrainToolsException>(() => DatasetSplitter.Split(spool, new() { ValidationShare = validation, TestShare = test, GroupField = field }));
        Assert.Equal(ErrorIds.SplitInvalid, error.ErrorId);
    }

    [Fact]
    public void A_set_is_measured()
    {
        using var folder = new TempFolder();
        var path = folder.Write("a.jsonl", """
            {"messages":[{"role":"user","content":"12345"},{"role":"assistant","content":"12345"}]}
            {"messages":[{"role":"user","content":"12345"},{"role":"assistant","content":"12345"}]}
            {"messages":[{"role":"user","content":"The cat is on the mat and in the house."},{"role":"assistant","content":"It is."}]}
            broken
            """);
        var statistics = new DatasetMeasurer().Measure(new FileRecordSource([path], new()));
        Assert.Equal((3, 1), (statistics.Records, statistics.BadLines));
        Assert.Equal(("Messages", 3L), statistics.Shapes.Select(s => (s.Name, s.Count)).Single());
        Assert.Equal([("assistant", 3L), ("user", 3L)], statistics.Roles.Select(r => (r.Name, r.Count)));
        Assert.Equal(1 / 3.0, statistics.DuplicateRate!.Value, 6);
        var answers = statistics.Lengths.Single(l => l.Name == "answer characters");
        Assert.Equal((5, 5, 6, 3L), (answers.Min, answers.Median, answers.Max, answers.Histogram.Sum(b => b.Count)));
        Assert.InRange(statistics.SupervisedShare!.Value, 0.2, 0.4);
    }
}
