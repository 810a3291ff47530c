using System.Text.Json;

using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Cleaning;

public class ConfidentLearningTests
{
    private static readonly Lazy<JsonElement> Goldens = new(() =>
    {
        using var document = JsonDocument.Parse(CleaningGoldens.Bytes("label-errors-golden.json.gz"));
        return document.RootElement.Clone();
    });

    private static ClassProbabilities Load(string set)
    {
        var labels = NpyFile.Parse(CleaningGoldens.Bytes($"{set}_original_labels.npy.gz"), set);
        var values = NpyFile.Parse(CleaningGoldens.Bytes($"{set}_pyx.npy.gz"), set);
        return new ClassProbabilities([.. labels.Values.Select(v => (int)v)], values.Values, values.Columns);
    }

    [Theory]
    [InlineData("mnist", 15)]
    [InlineData("cifar10", 284)]
    [InlineData("20news", 95)]
    public void Thresholds_joint_and_suspects_are_the_golden_ones(string set, int published)
    {
        var golden = Goldens.Value.GetProperty(set);
        var data = Load(set);
        var learning = new ConfidentLearning(data);

        Assert.Equal(golden.GetProperty("class_thresholds").Doubles(), learning.Thresholds, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(golden.GetProperty("confident_joint_calibrated").IntRows(), learning.Joint);

        var suspects = learning.Suspects();
        Assert.Equal(published, suspects.Length);
        AssertOrder(golden.GetProperty("flagged_indices_by_ascending_self_confidence").Ints(), suspects, data.SelfConfidence);
        AssertOrder(golden.GetProperty("flagged_indices_by_ascending_margin").Ints(), suspects, data.Margin);
    }

    /// <summary>The same rows, in an order that ascends by the score: equal up to ties.</summary>
    private static void AssertOrder(int[] golden, int[] suspects, Func<int, double> score)
    {
        Assert.Equal(golden.Order(), suspects);
        var ours = suspects.OrderBy(score).ToArray();
        Assert.Equal(golden.Select(score), ours.Select(score));
    }

    [Fact]
    public void Human_verdicts_on_20news_are_met_as_published()
    {
        var golden = Goldens.Value.GetProperty("20news");
        var reviewed = golden.GetProperty("human_reviewed_indices").Ints().ToHashSet();
        var errors = golden.GetProperty("human_validated_error_indices").Ints().ToHashSet();
        var flagged = new ConfidentLearning(Load("20news")).Suspects().Where(reviewed.Contains).ToList();
        Assert.Equal((64, 56, 82), (flagged.Count, flagged.Count(errors.Contains), errors.Count));
    }

    [Fact]
    public void Methods_nest_as_they_are_defined()
    {
        var learning = new ConfidentLearning(Load("cifar10"));
        var both = learning.Suspects(LabelErrorMethod.Both);
        Assert.Equal(learning.Suspects(LabelErrorMethod.PruneByClass).Intersect(learning.Suspects()), both);
        Assert.NotEmpty(both);
        Assert.NotEmpty(learning.Suspects(LabelErrorMethod.ConfidentJoint));
    }

    [Fact]
    public void Perfect_labels_have_no_suspects_and_an_absent_class_is_no_trouble()
    {
        double[] values = [.. Enumerable.Range(0, 40).SelectMany(i => i % 2 == 0 ? new[] { 0.9, 0.05, 0.05 } : [0.1, 0.85, 0.05])];
        var data = new ClassProbabilities([.. Enumerable.Range(0, 40).Select(i => i % 2)], values, 3);
        var learning = new ConfidentLearning(data);
        Assert.Empty(learning.Suspects());
        Assert.Equal(0, learning.NoiseRate);
        Assert.Equal(2, learning.Thresholds[2]);
    }

    [Theory]
    [InlineData(new[] { 2.4, 2.4, 2.4 }, 7)]
    [InlineData(new[] { 1.6, 1.6, 1.6 }, 5)]
    [InlineData(new[] { 0.5, 1.5, 2.5 }, 4)]
    public void Rounding_keeps_the_sum(double[] values, int sum) => Assert.Equal(sum, ConfidentLearning.RoundKeepingSum(values).Sum());

    [Fact]
    public void Mismatches_are_refused()
    {
        foreach (var make in new Action[]
        {
            () => _ = new ClassProbabilities([0, 1], [0.5, 0.5], 2),
            () => _ = new ClassProbabilities([2], [0.5, 0.5], 2),
            () => _ = new ClassProbabilities([0], [double.NaN, 0.5], 2),
        })
        {
            Assert.Equal(ErrorIds.ProbabilitiesMismatch, Assert.Throws<TrainToolsException>(make).ErrorId);
        }
    }

    [Fact]
    public void Broken_arrays_are_refused_with_what_is_wrong()
    {
        var good = CleaningGoldens.Bytes("mnist_original_labels.npy.gz");
        foreach (var (bytes, reason) in new[]
        {
            ("hello world, this is text"u8.ToArray(), "does not begin"),
            (good[..20], "ends inside its header"),
            (good[..200], "should hold 10000 numbers"),
        })
        {
            var error = Assert.Throws<TrainToolsException>(() => NpyFile.Parse(bytes, "x.npy"));
            Assert.Equal(ErrorIds.NpyInvalid, error.ErrorId);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(ErrorIds.DatasetNotFound, Assert.Throws<TrainToolsException>(() => NpyFile.Read("/nowhere/x.npy")).ErrorId);
    }
}
