using TrainTools.Core.Training;

namespace TrainTools.Core.Tests.Training;

/// <summary>Made-up sequences of evaluations, each with the decisions that follow, worked out by hand.</summary>
public class EvaluationTrackerTests
{
    private const double NaN = double.NaN;

    public static TheoryData<string, bool, int, double, double[], int, int?> Sequences => new()
    {
        // name, greater is better, patience, threshold, metrics, evaluation that stops the run (0 = none), best evaluation
        { "falling loss never stops", false, 1, 0, [3, 2, 1, 0.5], 0, 4 },
        { "patience 1 stops at the first rise", false, 1, 0, [3, 2, 2.5, 1], 3, 2 },
        { "patience 2 forgives one rise", false, 2, 0, [3, 2, 2.5, 1.9, 2, 2], 6, 4 },
        { "equal is not better", false, 2, 0, [2, 2, 2, 1], 3, 1 },
        { "best but not by the threshold: saved, and counted against patience", false, 2, 0.1, [2, 1.95, 1.92, 1], 3, 3 },
        { "a change of exactly the threshold is not enough", false, 1, 0.5, [2, 1.5, 1], 2, 2 },
        { "NaN is no improvement and never best", false, 2, 0, [2, NaN, NaN, 1], 3, 1 },
        { "NaN first does not block later values", false, 3, 0, [NaN, 2, 1], 0, 3 },
        { "only NaN has no best", false, 3, 0, [NaN, NaN, NaN, NaN], 3, null },
        { "infinite loss is not best", false, 2, 0, [double.PositiveInfinity, 5, 4], 0, 3 },
        { "accuracy: higher is better", true, 2, 0, [0.1, 0.5, 0.4, 0.45, 0.9], 4, 2 },
        { "accuracy with a threshold", true, 2, 0.05, [0.50, 0.54, 0.56, 0.60], 3, 3 },
    };

    [Theory]
    [MemberData(nameof(Sequences))]
    public void Decisions_follow(string name, bool greaterIsBetter, int patience, double threshold, double[] metrics, int stopsAt, int? bestAt)
    {
        _ = name;
        var tracker = new EvaluationTracker(greaterIsBetter, patience, threshold);
        var stopped = 0;
        for (var i = 0; i < metrics.Length && stopped == 0; i++)
        {
            // A run that is resumed from the saved state decides as one that was not.
            tracker = new EvaluationTracker(greaterIsBetter, patience, threshold, tracker.State);
            var decision = tracker.Observe(i + 1, metrics[i]);
            Assert.Equal(tracker.State.BestStep == i + 1, decision.IsBest);
            stopped = decision.ShouldStop ? i + 1 : 0;
        }

        Assert.Equal(stopsAt, stopped);
        Assert.Equal(bestAt, tracker.State.BestStep);
        Assert.Equal(bestAt is { } b ? metrics[b - 1] : null, tracker.State.Best);
    }

    [Fact]
    public void Without_patience_nothing_stops_the_run()
    {
        var tracker = new EvaluationTracker(greaterIsBetter: false);
        Assert.All(Enumerable.Range(1, 20), step => Assert.False(tracker.Observe(step, 1).ShouldStop));
    }

    [Theory]
    [InlineData("eval_loss", false)]
    [InlineData("loss", false)]
    [InlineData("eval_perplexity", false)]
    [InlineData("eval_mean_token_accuracy", true)]
    [InlineData("eval_f1", true)]
    public void The_direction_follows_from_the_name(string metric, bool greater) => Assert.Equal(greater, EvaluationTracker.GreaterIsBetterByName(metric));
}
