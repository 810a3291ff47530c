using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Parity.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Documents of a packed row do not see each other.</summary>
public class PackedForwardTests
{
    [Fact]
    public void The_loss_of_a_pack_is_the_librarys()
    {
        foreach (var item in TestFiles.Json("packing", "packed_forward.json").EnumerateArray().Where(i => i.GetProperty("model").GetString() == "llama"))
        {
            using var scope = NewDisposeScope();
            using var harness = new TrainingRig(TestFiles.Model("llama"));
            var documents = item.GetProperty("sequences").EnumerateArray().Select(s => s.EnumerateArray().Select(v => v.GetInt32()).ToArray()).ToList();
            var batch = new SampleCollator(0).Collate([.. documents.Select((d, i) => new TrainingSample { InputIds = d, Labels = d, RecordIndexes = [i] })], paddingFree: true);
            Assert.Equal(item.GetProperty("labels")[0].EnumerateArray().Select(v => v.GetInt64()), batch.Labels);
            Assert.Equal(item.GetProperty("position_ids")[0].EnumerateArray().Select(v => v.GetInt64()), batch.PositionIds());

            var sums = harness.Objective.Evaluate(batch);
            Assert.Equal(item.GetProperty("loss_packed").GetDouble(), sums.Loss.ToDouble() / sums.Targets, 1e-5);

            // The same from separate rows, and from the packer's own row.
            var padded = harness.Objective.Evaluate(new SampleCollator(0).Collate([.. documents.Select((d, i) => new TrainingSample { InputIds = d, Labels = d, RecordIndexes = [i] })]));
            Assert.Equal(sums.Targets, padded.Targets);
            Assert.Equal(sums.Loss.ToDouble(), padded.Loss.ToDouble(), 1e-3);
        }
    }

    [Fact]
    public void Changing_one_document_leaves_the_others_bit_identical()
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model("llama"));
        long[] ids = [.. Enumerable.Range(0, 48).Select(i => (long)((i * 37) % 500))];
        int[] lengths = [7, 16, 9, 16];
        long[] changed = (long[])ids.Clone();
        for (var i = 7; i < 23; i++)
        {
            changed[i] = (changed[i] + 1) % 500; // the second document
        }

        var difference = Logits(model, ids, lengths).ne(Logits(model, changed, lengths)).any(1).data<bool>().ToArray();
        Assert.Equal(Enumerable.Range(0, 48).Select(i => i is >= 7 and < 23), difference);

        var wrapped = Logits(model, ids, null).ne(Logits(model, changed, null)).any(1).data<bool>().ToArray();
        Assert.Equal(Enumerable.Range(0, 48).Select(i => i >= 7), wrapped); // one long text: everything later sees the change
    }

    [Theory]
    [InlineData(Core.Configuration.PackingStrategy.Bfd, false)]
    [InlineData(Core.Configuration.PackingStrategy.Wrapped, true)]
    public void From_the_packer_to_the_logits_only_wrapped_lets_documents_see_each_other(Core.Configuration.PackingStrategy strategy, bool isSeen)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var model = PretrainedModelLoader.LoadCausal(TestFiles.Model("llama"));
        Tensor Packed(int shift)
        {
            List<TrainingSample> rows = [.. new[] { 20, 12 }.Select((length, row) =>
            {
                int[] ids = [.. Enumerable.Range(0, length).Select(i => ((row * 61) + (i * 17) + (row == 0 ? shift : 0)) % 500)];
                return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [row] };
            })];
            var pack = Assert.Single(SamplePacker.Pack(rows, 32, strategy));
            return Logits(model, [.. pack.InputIds.Select(i => (long)i)], pack.DocumentLengths);
        }

        // The first document is changed; the second one's logits say whether it was read.
        var difference = Packed(0).ne(Packed(1)).any(1).data<bool>().ToArray();
        Assert.All(difference[..20], Assert.True);
        Assert.All(difference[20..], d => Assert.Equal(isSeen, d));
    }

    [Fact]
    public void Training_on_packs_is_training_on_the_rows_apart()
    {
        List<TrainingSample> rows = [.. Enumerable.Range(0, 8).Select(row =>
        {
            int[] ids = [.. Enumerable.Range(0, 4 + (row * 3)).Select(i => ((row * 61) + (i * 17)) % 500)];
            return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [row] };
        })];
        var packs = SamplePacker.Pack(rows, 32, Core.Configuration.PackingStrategy.Bfd).ToList();
        Assert.True(packs.Count < rows.Count);
        using var apart = new TrainingRig(TestFiles.Model("llama"));
        using var packed = new TrainingRig(TestFiles.Model("llama"));

        var expected = apart.Train(rows, StepPlan.Create(rows.Count, rows.Count, 1, epochs: 4));
        var actual = packed.Train(packs, StepPlan.Create(packs.Count, packs.Count, 1, epochs: 4));

        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Outcome.Loss, actual[i].Outcome.Loss, 1e-4);
            Assert.Equal(expected[i].Outcome.GradNorm, actual[i].Outcome.GradNorm, 1e-3);
        }
    }

    private static Tensor Logits(CausalLanguageModel model, long[] ids, int[]? lengths) =>
        model.Logits(model.HiddenStates(new ModelInput { InputIds = tensor(ids).unsqueeze(0), DocumentLengths = lengths })).squeeze(0);
}
