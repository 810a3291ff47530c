using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class EvaluationDetectorTests
{
    [Fact]
    public void A_validation_loss_that_turns_up_is_overfitting()
    {
        var run = new MadeUpRun();
        foreach (var loss in new[] { 2.0, 1.8, 1.7, 1.75, 1.85, 1.95 })
        {
            run.Go(60, s => 3 * Math.Exp(-0.004 * s)).Evaluate(loss);
        }

        var diagnosis = run.AssertRaised(Symptoms.ValidationLossRising);
        Assert.Equal(180, diagnosis.FirstStep);
        Assert.Equal(CauseIds.Overfitting, diagnosis.Cause!.Id);
        Assert.Contains(diagnosis.Remedy!.Changes, c => c.Setting == "early_stopping_patience");
        Assert.False(run.Go(60).Evaluate(1.65).Last(Symptoms.ValidationLossRising)!.IsOpen);
    }

    [Theory]
    [InlineData(2.0, 1.8, 1.7, 1.71, 1.69, 1.70)]
    [InlineData(2.0, 1.8, 1.9, 1.7, 1.75, 1.65)]
    public void A_validation_loss_that_jitters_is_not(params double[] losses)
    {
        var run = new MadeUpRun();
        foreach (var loss in losses)
        {
            run.Go(60).Evaluate(loss);
        }

        run.AssertQuiet();
    }

    [Fact]
    public void A_growing_gap_is_a_warning_where_held_out_data_has_gained_nothing()
    {
        var run = new MadeUpRun();
        var evaluation = new[] { 2.45, 2.42, 2.41, 2.40, 2.40, 2.40, 2.41, 2.40 };
        foreach (var loss in evaluation)
        {
            run.Go(60, s => 2.5 * Math.Exp(-0.004 * s)).Evaluate(loss);
        }

        Assert.Equal(FindingSeverity.Warning, run.AssertRaised(Symptoms.OverfitGap).Severity);
        Assert.Equal(CauseIds.Overfitting, run.Last(Symptoms.OverfitGap)!.Cause!.Id);
    }
}
