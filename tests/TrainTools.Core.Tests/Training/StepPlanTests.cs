using TrainTools.Core.Errors;
using TrainTools.Core.Training;

namespace TrainTools.Core.Tests.Training;

public class StepPlanTests
{
    [Fact]
    public void Every_combination_agrees_with_the_trainer()
    {
        var cases = TestData.Json("Training", "step_arithmetic.json");
        Assert.Equal(297, cases.GetArrayLength());
        foreach (var item in cases.EnumerateArray())
        {
            var plan = StepPlan.Create(
                item.GetProperty("rows").GetInt32(),
                item.GetProperty("batch").GetInt32(),
                item.GetProperty("grad_accum").GetInt32(),
                item.GetProperty("epochs").GetDouble(),
                dropLast: item.GetProperty("drop_last").GetBoolean());
            Assert.Equal(item.GetProperty("max_steps").GetDouble(), plan.MaxSteps);
            Assert.Equal(item.GetProperty("updates_per_epoch").GetDouble(), plan.UpdatesPerEpoch);
            Assert.Equal(item.GetProperty("batches_per_epoch").GetDouble(), plan.BatchesPerEpoch);
            Assert.Equal(item.GetProperty("num_train_epochs").GetDouble(), plan.Epochs);
        }
    }

    [Fact]
    public void Max_steps_overrides_epochs()
    {
        var plan = StepPlan.Create(rows: 4, batchSize: 2, accumulation: 1, epochs: 1, maxSteps: 3);
        Assert.Equal((3, 2), (plan.MaxSteps, plan.Epochs));
    }

    [Fact]
    public void Windows_cover_every_batch_of_every_epoch_once()
    {
        var plan = StepPlan.Create(rows: 17, batchSize: 2, accumulation: 4, epochs: 3);
        var seen = new List<(int, int)>();
        for (var step = 0; step < plan.MaxSteps; step++)
        {
            var window = plan.Window(step);
            seen.AddRange(Enumerable.Range(window.FirstBatch, window.Batches).Select(b => (window.Epoch, b)));
        }

        Assert.Equal(Enumerable.Range(0, 3).SelectMany(e => Enumerable.Range(0, 9).Select(b => (e, b))), seen);
        Assert.Equal((16, 1), plan.BatchRows(8));
        Assert.Equal(1.0, plan.EpochsDone(3));
        Assert.Equal(1.0 + (4.0 / 9), plan.EpochsDone(4));
        Assert.True(plan.EndsEpoch(3));
        Assert.False(plan.EndsEpoch(4));
    }

    [Fact]
    public void No_rows_is_one_clear_error() =>
        Assert.Equal(ErrorIds.DatasetEmpty, Assert.Throws<TrainToolsException>(() => StepPlan.Create(0, 2, 1, 1)).ErrorId);
}
