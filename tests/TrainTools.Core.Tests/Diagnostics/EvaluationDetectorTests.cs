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

    // Each step's loss wavers by a third, as with few rows a step; the mean over the stretches between evaluations does not.
    [Theory]
    [InlineData(1.12, 0.0, 200, true)]
    [InlineData(1.02, 0.0, 200, false)]
    [InlineData(0.97, 0.0, 200, false)]
    [InlineData(1.12, 0.0, 4, false)]
    [InlineData(1.02, 0.5, 200, true)]
    [InlineData(0.85, 0.5, 200, false)]
    [InlineData(1.02, 0.1, 200, false)]
    public void A_training_loss_above_the_held_out_one_is_seen_through_the_noise(double ratio, double dropout, int rows, bool isSeen)
    {
        const double Noise = 0.33;
        var facts = new RunFacts { MaxSteps = 1000, WarmupSteps = 20, LearningRate = 1e-3, MaxGradNorm = 1, Dropout = dropout, EvaluationRows = rows };
        var run = new MadeUpRun(facts) { Noise = Noise, Tail = 0 };
        for (var i = 0; i < 7; i++)
        {
            // The mean of e^(σN) is e^(σ²/2).
            run.Go(100, _ => ratio * 2 / Math.Exp(Noise * Noise / 2)).Evaluate(2);
        }

        Assert.Equal(isSeen, run.Last(Symptoms.TrainEvaluationMismatch) is not null);
        if (isSeen)
        {
            Assert.Equal(ratio, run.Last(Symptoms.TrainEvaluationMismatch)!.Evidence[0].Value, 0.08);
            Assert.Contains(run.Last(Symptoms.TrainEvaluationMismatch)!.Causes.Take(2), c => c.Id == (dropout > 0 ? CauseIds.DropoutTooHigh : CauseIds.LabelNoise));
            for (var i = 0; i < 4; i++)
            {
                run.Go(100, _ => 0.8 * 2).Evaluate(2);
            }

            Assert.False(run.Last(Symptoms.TrainEvaluationMismatch)!.IsOpen);
        }
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
