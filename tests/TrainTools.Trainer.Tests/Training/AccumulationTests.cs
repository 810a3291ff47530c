using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;
using TrainTools.Parity.Training;

namespace TrainTools.Trainer.Tests.Training;

public class AccumulationTests
{
    /// <summary>Rows with very different numbers of supervised tokens: a mean of means would be far off.</summary>
    private static readonly List<TrainingSample> Rows = [.. Enumerable.Range(0, 16).Select(row =>
    {
        var random = new SeededRandom(1, RandomPurpose.RowOrder, row);
        int[] ids = [.. Enumerable.Range(0, 3 + random.NextInt(25)).Select(_ => random.NextInt(500))];
        var masked = random.NextInt(ids.Length - 1);
        return new TrainingSample { InputIds = ids, Labels = [.. ids.Select((id, i) => i < masked ? -100 : id)], RecordIndexes = [row] };
    })];

    [Theory]
    [InlineData(4, 2)]
    [InlineData(2, 4)]
    [InlineData(1, 8)]
    public void Splitting_a_batch_changes_neither_losses_nor_weights(int batch, int accumulation)
    {
        using var whole = new TrainingRig(TestFiles.Model("llama"));
        using var parts = new TrainingRig(TestFiles.Model("llama"));

        var expected = whole.Train(Rows, StepPlan.Create(Rows.Count, 8, 1, epochs: 3));
        var actual = parts.Train(Rows, StepPlan.Create(Rows.Count, batch, accumulation, epochs: 3));

        Assert.Equal(6, actual.Count);
        for (var i = 0; i < actual.Count; i++)
        {
            Assert.Equal(expected[i].Outcome.Loss, actual[i].Outcome.Loss, 1e-5);
            Assert.Equal(expected[i].Outcome.GradNorm, actual[i].Outcome.GradNorm, 1e-4);
            Assert.Equal(expected[i].Outcome.Targets, actual[i].Outcome.Targets);
        }

        using var scope = torch.NewDisposeScope();
        using var before = new TrainingRig(TestFiles.Model("llama"));
        using var first = new TrainingRig(TestFiles.Model("llama"));
        first.Train(Rows.Take(8).ToList(), StepPlan.Create(8, 8, 1, epochs: 1));
        foreach (var (name, tensor) in whole.Model.Parameters)
        {
            var difference = tensor.sub(parts.Model.Parameters[name]);
            Assert.True(difference.norm().ToDouble() / tensor.norm().ToDouble() < 1e-5, name);

            // AdamW's first step moves an element by rate · g / (|g| + 1e-8): by the rate, unless its gradient is as small as
            // the epsilon (or zero: decay alone moves it by a hundredth). There, and nowhere else, a rounding of 1e-9 in the
            // gradient is a hundredth of the step.
            var moved = first.Model.Parameters[name].sub(before.Model.Parameters[name]).abs().div(1e-3);
            var atEpsilon = moved.gt(0.05).logical_and(moved.lt(0.9));
            Assert.True(atEpsilon.to(torch.float32).mean().ToDouble() < 1e-3, name);
            Assert.True(difference.abs().masked_fill(atEpsilon, 0).max().ToDouble() < 1e-5, name);
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Computing_a_batch_in_parts_changes_neither_losses_nor_gradients(bool packed, bool checkpointing)
    {
        List<TrainingSample> rows = [.. Rows.Select(r => packed ? r with { DocumentLengths = [2, r.Length - 2] } : r)];

        // One row teaches nothing: a part of it alone is passed over.
        rows[2] = rows[2] with { Labels = [.. rows[2].Labels.Select(_ => TrainingSample.Ignored)] };
        using var whole = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Checkpointing = checkpointing });
        var expected = whole.Train(rows, StepPlan.Create(rows.Count, 8, 1, epochs: 3));
        foreach (var tokens in (int[])[1, 30, 70])
        {
            using var parts = new TrainingRig(TestFiles.Model("llama"), new TrainingRigOptions { Checkpointing = checkpointing, PartTokens = tokens });
            var actual = parts.Train(rows, StepPlan.Create(rows.Count, 8, 1, epochs: 3));
            Assert.Equal(expected.Select(e => e.Outcome.Targets), actual.Select(a => a.Outcome.Targets));
            for (var i = 0; i < actual.Count; i++)
            {
                Assert.Equal(expected[i].Outcome.Loss, actual[i].Outcome.Loss, 1e-5);
                Assert.Equal(expected[i].Outcome.GradNorm, actual[i].Outcome.GradNorm, 1e-4);
                Assert.Equal(expected[i].Outcome.Accuracy, actual[i].Outcome.Accuracy, 1e-12);
            }
        }
    }

    [Fact]
    public void A_window_without_any_target_changes_nothing_and_says_so()
    {
        using var harness = new TrainingRig(TestFiles.Model("llama"));
        var before = harness.Model.Parameters.ToDictionary(p => p.Key, p => p.Value.sum().ToDouble());
        var outcome = harness.Train([new TrainingSample { InputIds = [1, 2], Labels = [-100, -100], RecordIndexes = [0] }], StepPlan.Create(1, 1, 1, 1))[0].Outcome;
        Assert.False(outcome.Updated);
        Assert.True(double.IsNaN(outcome.Loss));
        Assert.All(harness.Model.Parameters, p => Assert.Equal(before[p.Key], p.Value.sum().ToDouble()));
    }
}
