using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;

namespace TrainTools.Core.Tests.Samples;

/// <summary>Against packs and batches that TRL's own pack_dataset and collator made.</summary>
public class PackingTests
{
    private static readonly JsonElement Golden = TestData.Json("Samples", "packing.json");

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Golden.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Packs_are_identical(int index)
    {
        var item = Golden.GetProperty("cases")[index];
        var strategy = Enum.Parse<PackingStrategy>(item.GetProperty("strategy").GetString()!.Replace("_", ""), ignoreCase: true);
        var packs = SamplePacker.Pack(Inputs(item.GetProperty("lengths").Ints()), item.GetProperty("seq_length").GetInt32(), strategy).ToList();
        if (item.TryGetProperty("n_rows", out var rows))
        {
            Assert.Equal(rows.GetInt32(), packs.Count);
            Assert.Equal(item.GetProperty("packed_row_lengths").Ints(), packs.Select(p => p.Length));
            var first = item.GetProperty("packed_row_first_ids").Ints();
            Assert.Equal(strategy == PackingStrategy.Wrapped ? WithTokensOfTheirOwnGroup(first, item.GetProperty("lengths").Ints()) : first, packs.Select(p => p.InputIds[0]));
            return;
        }

        Assert.Equal(item.GetProperty("packed_input_ids").IntRows(), packs.Select(p => p.InputIds));
        Assert.Equal(item.GetProperty("packed_labels").IntRows(), packs.Select(p => p.Labels));
        if (item.TryGetProperty("seq_lengths", out var lengths))
        {
            Assert.Equal(lengths.IntRows(), packs.Select(p => p.DocumentLengths));
            Check(item.GetProperty("collated_first2_padding_free"), new SampleCollator(0).Collate(packs[..Math.Min(2, packs.Count)]));
        }
        else
        {
            Check(item.GetProperty("collated_first2_reversed"), new SampleCollator(0).Collate([.. packs.Take(2).Reverse()]));
        }
    }

    [Fact]
    public void Batches_are_those_of_the_collator()
    {
        foreach (var item in Golden.GetProperty("collator").EnumerateArray())
        {
            var kwargs = item.GetProperty("kwargs");
            var samples = item.GetProperty("examples").EnumerateArray().Select((e, i) => new TrainingSample
            {
                InputIds = e.GetProperty("input_ids").Ints(),
                Labels = e.GetProperty("labels").Ints(),
                RecordIndexes = [i],
            }).ToList();
            var multiple = (int?)kwargs.OptionalDouble("pad_to_multiple_of") ?? 1;
            Check(item.GetProperty("batch"), new SampleCollator(0, multiple).Collate(samples, kwargs.TryGetProperty("padding_free", out _)));
        }
    }

    [Fact]
    public void Targets_name_the_token_after_each_position()
    {
        var batch = new SampleCollator(0).Collate(
        [
            new TrainingSample { InputIds = [5, 6, 7], Labels = [5, -100, 7], RecordIndexes = [3] },
            new TrainingSample { InputIds = [8, 0], Labels = [-100, 0], RecordIndexes = [9] },
        ]);
        Assert.Equal([1, 3], batch.TargetPositions);
        Assert.Equal([7, 0], batch.TargetIds); // a real token with the padding's id keeps its label
        Assert.Equal(5, batch.Tokens);
        Assert.Equal([3, 9], batch.RecordIndexes);
    }

    /// <summary>
    /// TRL's wrapped packing (seen in 1.9.0) reads every group after the first from the start of the whole column: its later groups
    /// repeat the first group's tokens, and their own are never trained on. Ours are the same rows with the group's own tokens.
    /// </summary>
    private static IEnumerable<int> WithTokensOfTheirOwnGroup(int[] firstIds, int[] lengths)
    {
        int[] starts = [.. Enumerable.Range(0, firstIds.Length).Where(i => firstIds[i] == 100), firstIds.Length];
        Assert.Equal((lengths.Length + 999) / 1000, starts.Length - 1);
        for (var group = 0; group + 1 < starts.Length; group++)
        {
            var own = 100 + lengths.Take(group * SamplePacker.GroupSize).Sum();
            foreach (var id in firstIds[starts[group]..starts[group + 1]])
            {
                yield return id - 100 + own;
            }
        }
    }

    private static IEnumerable<TrainingSample> Inputs(int[] lengths)
    {
        var next = 100;
        for (var i = 0; i < lengths.Length; i++)
        {
            int[] ids = [.. Enumerable.Range(next, lengths[i])];
            next += lengths[i];
            var labels = (int[])ids.Clone();
            for (var j = 0; j < Math.Min(2, ids.Length - 1); j++)
            {
                labels[j] = -100;
            }

            yield return new TrainingSample { InputIds = ids, Labels = labels, RecordIndexes = [i] };
        }
    }

    private static void Check(JsonElement expected, SampleBatch batch)
    {
        Assert.Equal(expected.GetProperty("input_ids").IntRows().SelectMany(r => r).Select(i => (long)i), batch.InputIds);
        Assert.Equal(expected.GetProperty("labels").IntRows().SelectMany(r => r).Select(i => (long)i), batch.Labels);
        Assert.Equal(expected.GetProperty("input_ids").GetArrayLength(), batch.Rows);
        if (expected.TryGetProperty("attention_mask", out var mask))
        {
            Assert.Equal(mask.IntRows().SelectMany(r => r).Select(i => (long)i), batch.AttentionMask());
        }
        else
        {
            Assert.Equal(expected.GetProperty("position_ids").IntRows().SelectMany(r => r).Select(i => (long)i), batch.PositionIds());
        }
    }
}
