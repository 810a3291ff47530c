using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class LossDetectorTests
{
    [Theory]
    [InlineData(0.05, 1)]
    [InlineData(0.15, 2)]
    [InlineData(0.15, 3)]
    [InlineData(0.05, 4)]
    public void A_healthy_noisy_curve_raises_no_warning(double noise, int seed) =>
        new MadeUpRun(seed: seed) { Noise = noise }.Go(1000).End().AssertQuiet();

    [Theory]
    [InlineData(0.01, 0.05)]
    [InlineData(0.002, 0.05)]
    [InlineData(0.01, 0.15)]
    public void A_slow_divergence_is_an_explosion_whatever_its_pace(double drift, double noise)
    {
        var run = new MadeUpRun { Noise = noise }.Go(500).Go(500, s => MadeUpRun.Healthy(500) * Math.Exp(drift * (s - 500)));
        var diagnosis = run.AssertRaised(Symptoms.LossExplodes);
        Assert.True(diagnosis.IsOpen);
        Assert.InRange(diagnosis.FirstStep, 440, 700);
        Assert.All(diagnosis.Evidence, e => Assert.True(e.Value > e.Threshold, e.Text));
        Assert.Equal(CauseIds.LearningRateTooHigh, diagnosis.Cause!.Id);
        var change = Assert.Single(diagnosis.Remedy!.Changes);
        Assert.Equal(("learning_rate", "0.001"), (change.Setting, change.OldValue));
        Assert.True(double.Parse(change.NewValue, System.Globalization.CultureInfo.InvariantCulture) < 1e-3);
    }

    [Fact]
    public void A_loss_that_leaps_up_in_the_first_steps_is_an_explosion_at_once()
    {
        var run = new MadeUpRun { Noise = 0.02 }.Go(3, _ => 3).Go(6, s => 3 + (2 * (s - 3)));
        var diagnosis = run.AssertRaised(Symptoms.LossExplodes);
        Assert.Equal(FindingSeverity.Error, diagnosis.Severity);

        // Every figure that it rests on is beyond its limit.
        Assert.All(diagnosis.Evidence, e => Assert.True(e.Value > e.Threshold, e.Text));
    }

    [Fact]
    public void An_explosion_closes_when_the_loss_comes_back()
    {
        var run = new MadeUpRun { Noise = 0.05 }.Go(300).Go(60, _ => 6).Go(100, _ => MadeUpRun.Healthy(300));
        Assert.False(run.AssertRaised(Symptoms.LossExplodes).IsOpen);
    }

    [Fact]
    public void A_curriculum_that_gets_harder_is_not_an_explosion()
    {
        var facts = new RunFacts { MaxSteps = 1000, WarmupSteps = 20, LearningRate = 1e-3, Curriculum = true };
        new MadeUpRun(facts) { Noise = 0.05 }.Go(300).Go(300, _ => 1.5 * MadeUpRun.Healthy(300)).AssertQuiet();
    }

    [Fact]
    public void A_spike_that_recovers_is_information_with_its_records_and_closes()
    {
        var run = new MadeUpRun { Noise = 0.05, Tail = 0 }.Go(200);
        run.Go(3, _ => 6, s => s with { Records = [s.Step, 7] }).Go(30);
        var spike = run.AssertRaised(Symptoms.LossSpike, FindingSeverity.Info);
        Assert.Equal(FindingSeverity.Info, spike.Severity);
        Assert.False(spike.IsOpen);
        Assert.Contains(7, spike.Records);
        Assert.Contains(201, spike.Records);
        Assert.Equal(CauseIds.BadRecords, spike.Cause!.Id);
    }

    [Fact]
    public void A_single_high_loss_needs_a_gradient_beside_it()
    {
        var quiet = new MadeUpRun { Noise = 0.05, Tail = 0 }.Go(200).Go(1, _ => 4).Go(30);
        Assert.Null(quiet.Last(Symptoms.LossSpike));

        var loud = new MadeUpRun { Noise = 0.05, Tail = 0 }.Go(200).Go(1, _ => 4, s => s with { GradNorm = 20 }).Go(30);
        loud.AssertRaised(Symptoms.LossSpike, FindingSeverity.Info);
    }

    [Fact]
    public void A_spike_that_does_not_recover_becomes_a_warning()
    {
        var run = new MadeUpRun { Noise = 0.05, Tail = 0 }.Go(200).Go(60, s => 1.4 * MadeUpRun.Healthy(200));
        Assert.True(run.AssertRaised(Symptoms.LossSpike).IsOpen);
    }

    [Fact]
    public void A_flat_loss_is_said_to_be_flat_and_closes_when_it_falls()
    {
        var run = new MadeUpRun { Noise = 0.05 }.Go(150, _ => 3);
        var flat = run.AssertRaised(Symptoms.LossNotDecreasing);
        Assert.Equal(CauseIds.LearningRateTooLow, flat.Cause!.Id);
        run.Go(300, s => 3 * Math.Exp(-0.005 * (s - 150)));
        Assert.False(run.Last(Symptoms.LossNotDecreasing)!.IsOpen);
    }

    [Theory]
    [InlineData(1e-7, false)]
    [InlineData(1e-10, false)]
    [InlineData(1e-7, true)]
    public void No_rate_is_proposed_that_nobody_would_use(double ratio, bool configured)
    {
        var config = configured ? new TrainingConfig() : null;
        var facts = new RunFacts { MaxSteps = 1000, WarmupSteps = 20, LearningRate = 5e-4, Method = TrainingMethod.Full, TotalParameters = 260_000, MicroBatchRows = 16, Accumulation = 1, Config = config };
        var still = new MadeUpRun(facts).Go(30).Go(4, null, s => s with { UpdateRatio = ratio }).Last(Symptoms.UpdateTooSmall)!;
        var remedy = still.Causes.Single(c => c.Id == CauseIds.LearningRateTooLow).Remedies[0];
        var proposed = double.Parse(Assert.Single(remedy.Changes).NewValue, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(proposed, 5e-4, configured ? new TuningPractice(config!, 260_000).LearningRate.High : 0.05);
    }

    [Fact]
    public void A_flat_training_loss_is_no_matter_while_held_out_data_gains() =>
        new MadeUpRun { Noise = 0.2 }.Evaluate(3).Go(60, _ => 3).Evaluate(2.8).Go(200, _ => 3).AssertQuiet();

    [Fact]
    public void Wild_swings_are_a_warning_with_many_rows_and_the_sample_with_few()
    {
        var many = new MadeUpRun(new RunFacts { MaxSteps = 400, MicroBatchRows = 32, Accumulation = 1, LearningRate = 1e-3, WarmupSteps = 5 }) { Noise = 0.5, Tail = 0 }.Go(200);
        Assert.Equal(FindingSeverity.Warning, many.AssertRaised(Symptoms.LossFluctuates).Severity);

        var few = new MadeUpRun(new RunFacts { MaxSteps = 400, MicroBatchRows = 1, Accumulation = 1, LearningRate = 1e-3, WarmupSteps = 5 }) { Noise = 0.5, Tail = 0 }.Go(200);
        var diagnosis = few.AssertRaised(Symptoms.LossFluctuates, FindingSeverity.Info);
        Assert.Equal(FindingSeverity.Info, diagnosis.Severity);
        Assert.Equal(CauseIds.BatchTooSmall, diagnosis.Cause!.Id);
        Assert.Equal("gradient_accumulation_steps", Assert.Single(diagnosis.Remedy!.Changes).Setting);

        many.Noise = 0.02;
        many.Go(100);
        Assert.False(many.Last(Symptoms.LossFluctuates)!.IsOpen);
    }

    [Fact]
    public void NaN_is_an_error_at_once_named_by_its_tensor_and_closes()
    {
        var run = new MadeUpRun().Go(50).Go(1, null, s => s with { Loss = double.NaN, NonFiniteTensor = "layers.3.mlp", Records = [11, 12] });
        var diagnosis = run.AssertRaised(Symptoms.NonFinite, FindingSeverity.Error);
        Assert.Equal(51, diagnosis.FirstStep);
        Assert.Contains("layers.3.mlp", diagnosis.Summary, StringComparison.Ordinal);
        Assert.Equal([11, 12], diagnosis.Records);
        Assert.False(run.Go(25).Last(Symptoms.NonFinite)!.IsOpen);
    }

    [Fact]
    public void Fp16_may_overflow_now_and_then()
    {
        var facts = new RunFacts { MaxSteps = 1000, Precision = Precision.Fp16, LearningRate = 1e-3, WarmupSteps = 5 };
        var run = new MadeUpRun(facts).Go(3, null, s => s with { GradNorm = double.PositiveInfinity, Skipped = true }).Go(50);
        run.AssertQuiet();
        run.Go(8, null, s => s with { GradNorm = double.NaN, Skipped = true });
        Assert.Equal(CauseIds.PrecisionOverflow, run.AssertRaised(Symptoms.NonFinite).Cause!.Id);
    }

    [Fact]
    public void A_log_without_gradient_norms_is_not_full_of_NaN()
    {
        var facts = new RunFacts { MaxSteps = 300, HasGradNorm = false, HasLearningRate = false };
        new MadeUpRun(facts).Go(300, null, s => s with { GradNorm = double.NaN, LearningRate = double.NaN }).End().AssertQuiet();
    }
}
