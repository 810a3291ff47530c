using CsCheck;
using TrainTools.Core.Samples;

namespace TrainTools.Core.Tests.Samples;

/// <summary>Parts of a batch: each is what the collator makes of the same samples.</summary>
public sealed class BatchPartsTests
{
    private static readonly Gen<TrainingSample> Row = Gen.Select(Gen.Int[1, 30], Gen.Int[0, 1000], (length, id) => new TrainingSample
    {
        InputIds = [.. Enumerable.Range(0, length).Select(i => id + i)],
        Labels = [.. Enumerable.Range(0, length).Select(i => (id + i) % 3 == 0 ? TrainingSample.Ignored : id + i)],
        RowTargets = [id, id + 1],
        RecordIndexes = [id, id + 1],
        WordIds = [.. Enumerable.Range(0, length)],
    });

    private static readonly Gen<TrainingSample> Pack = Row.Select(Gen.Int[1, 29], (row, first) => row with
    {
        DocumentLengths = first < row.Length ? [first, row.Length - first] : [row.Length],
    });

    [Fact]
    public void A_part_of_padded_rows_is_a_batch_of_these_rows() => Check(Row.List[1, 12]);

    [Fact]
    public void A_part_of_packs_is_a_batch_of_these_packs() => Check(Pack.List[1, 12]);

    [Theory]
    [InlineData(4, 512, 1024, new[] { 2, 2 })]
    [InlineData(8, 512, 1024, new[] { 2, 2, 2, 2 })]
    [InlineData(3, 512, 1024, new[] { 1, 2 })]
    [InlineData(3, 300, 1024, new[] { 3 })]
    [InlineData(4, 504, 1024, new[] { 2, 2 })] // rows that are not quite full
    [InlineData(5, 512, 1024, new[] { 2, 1, 2 })]
    [InlineData(9, 120, 1024, new[] { 4, 5 })]
    [InlineData(2, 4096, 1024, new[] { 1, 1 })] // a row is never cut
    [InlineData(1, 4096, 1024, new[] { 1 })]
    [InlineData(100, 16, 1600, new[] { 100 })]
    public void They_are_of_even_sizes(int rows, int length, int tokens, int[] expected)
    {
        TrainingSample[] samples = [.. Enumerable.Range(0, rows).Select(i => new TrainingSample { InputIds = new int[length], Labels = new int[length], RecordIndexes = [i] })];
        var parts = BatchParts.Of(new SampleCollator(0).Collate(samples), tokens);
        Assert.Equal(expected, parts.Select(p => p.Rows));
        Assert.Equal(expected.Max(), BatchParts.LargestRows(rows, length, tokens));
    }

    [Fact]
    public void A_batch_that_is_not_cut_is_the_same_object()
    {
        var batch = new SampleCollator(0).Collate([new TrainingSample { InputIds = [1, 2], Labels = [1, 2], RecordIndexes = [0] }]);
        Assert.Same(batch, Assert.Single(BatchParts.Of(batch, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchParts.Of(batch, 0));
    }

    private static void Check(Gen<List<TrainingSample>> gen) => gen.Select(Gen.Int[1, 60]).Sample((samples, tokens) =>
    {
        var collator = new SampleCollator(7);
        var batch = collator.Collate(samples);
        var parts = BatchParts.Of(batch, tokens);
        Assert.Equal(samples, parts.SelectMany(p => p.Samples));
        Assert.Equal(batch.TargetIds, parts.SelectMany(p => p.TargetIds));
        if (parts.Count == 1)
        {
            return;
        }

        // No part is larger than asked for but a sample by itself, and there are no more of them than must be.
        Assert.All(parts, p => Assert.True(p.SampleCount == 1 || Size(p) <= tokens));
        Assert.All(parts.Zip(parts.Skip(1)), p => Assert.True(p.First.SampleCount + p.Second.SampleCount > 2 || Size(p.First) + Size(p.Second) > tokens));

        int Size(SampleBatch part) => part.DocumentLengths is null ? part.SampleCount * batch.Columns : part.Tokens;

        foreach (var part in parts)
        {
            var expected = collator.Collate(part.Samples);
            Assert.Equal((expected.Rows, expected.Columns, expected.Tokens, expected.SampleCount), (part.Rows, part.Columns, part.Tokens, part.SampleCount));
            Assert.Equal(expected.InputIds, part.InputIds);
            Assert.Equal(expected.Labels, part.Labels);
            Assert.Equal(expected.TargetPositions, part.TargetPositions);
            Assert.Equal(expected.TargetIds, part.TargetIds);
            Assert.Equal(expected.RowLengths, part.RowLengths);
            Assert.Equal(expected.DocumentLengths, part.DocumentLengths);
            Assert.Equal(expected.RowTargets, part.RowTargets);
            Assert.Equal(expected.RecordIndexes, part.RecordIndexes);
        }
    });
}
