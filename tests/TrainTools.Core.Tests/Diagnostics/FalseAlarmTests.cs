using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

/// <summary>What looks like a fault and is none, each beside the fault that it looks like.</summary>
public sealed class FalseAlarmTests
{
    private static readonly RunFacts Facts = new() { MaxSteps = 400, WarmupSteps = 10, LearningRate = 1e-3, MaxGradNorm = 1, MicroBatchRows = 16, Accumulation = 1 };
    private static readonly RunFacts Classifier = Facts with { Task = TaskType.SequenceClassification, Classes = 2, TargetEntropy = Math.Log(2) };

    [Fact]
    public void A_gap_is_information_while_held_out_data_has_gained()
    {
        var run = new MadeUpRun(Facts);
        foreach (var held in new[] { 2.0, 1.8, 1.72, 1.70, 1.69, 1.69, 1.69, 1.69 })
        {
            run.Go(60, s => 2.5 * Math.Exp(-0.004 * s)).Evaluate(held);
        }

        Assert.Equal(FindingSeverity.Info, run.AssertRaised(Symptoms.OverfitGap, FindingSeverity.Info).Severity);
    }

    [Fact]
    public void A_slow_machine_is_information_and_a_step_that_does_more_work_is_a_warning()
    {
        static TrainingStep Fast(TrainingStep s) => s with { CpuSeconds = 0.1 };
        var busy = new MadeUpRun(Facts).Go(60, null, Fast).Go(120, null, s => s with { StepSeconds = 0.5, CpuSeconds = 0.11 });
        var diagnosis = busy.AssertRaised(Symptoms.ThroughputDrop, FindingSeverity.Info);
        Assert.Equal((FindingSeverity.Info, CauseIds.MachineBusy), (diagnosis.Severity, diagnosis.Cause!.Id));
        Assert.Contains("processor time", diagnosis.Summary, StringComparison.Ordinal);

        var work = new MadeUpRun(Facts).Go(60, null, Fast).Go(120, null, s => s with { StepSeconds = 0.5, CpuSeconds = 0.5 });
        Assert.Equal(FindingSeverity.Warning, work.AssertRaised(Symptoms.ThroughputDrop).Severity);
    }

    [Fact]
    public void A_loader_that_gets_slower_still_becomes_a_warning()
    {
        var run = new MadeUpRun(Facts).Go(60, null, s => s with { DataSeconds = 0.015 });
        Assert.Equal(FindingSeverity.Info, run.AssertRaised(Symptoms.DataStarvation, FindingSeverity.Info).Severity);
        run.Go(60, null, s => s with { DataSeconds = 0.05 });
        Assert.Equal(FindingSeverity.Warning, run.AssertRaised(Symptoms.DataStarvation).Severity);
    }

    [Fact]
    public void Windows_of_a_long_text_are_no_repetition_of_it()
    {
        // Two texts of 80 rows each, two rows a step: each comes in 80 steps of the epoch, and may.
        var most = SampleFacts.Of([.. Enumerable.Range(0, 160).Select(i => new Core.Samples.TrainingSample { InputIds = [i], Labels = [1], RecordIndexes = [i % 2] })], []).MostRowsOfRecord;
        Assert.Equal(80, most);
        static TrainingStep Both(TrainingStep s) => s with { Records = [0, 1] };
        new MadeUpRun(Facts with { MostRowsOfRecord = most }).Go(80, null, Both).AssertQuiet();
        new MadeUpRun(Facts with { MostRowsOfRecord = 20 }).Go(80, null, Both).AssertRaised(Symptoms.RecordsRepeated);
    }

    [Fact]
    public void A_lucky_first_batch_of_a_classifier_makes_no_instability_of_the_next()
    {
        new MadeUpRun(Classifier) { Noise = 0.05, Tail = 0 }.Go(3, _ => 0.45).Go(6, _ => 0.8).Go(60, s => 0.7 * Math.Exp(-0.01 * s)).AssertQuiet();
        new MadeUpRun(Classifier) { Noise = 0.05, Tail = 0 }.Go(3, _ => 0.45).Go(6, _ => 1.5).AssertRaised(Symptoms.LossExplodes, FindingSeverity.Info);
    }

    [Fact]
    public void One_row_a_step_may_begin_further_above_guessing_than_sixteen()
    {
        var eight = Classifier with { Classes = 8, TargetEntropy = Math.Log(8) };
        static double Start(int step) => step < 25 ? 2.9 : 2.0 * Math.Exp(-0.02 * step);
        new MadeUpRun(eight) { Noise = 0.01 }.Go(30, Start, s => s with { NumSupervisedTokens = 16 }).AssertRaised(Symptoms.FirstLossWrong);
        var one = new MadeUpRun(eight with { MicroBatchRows = 1 }) { Noise = 0.01 }.Go(30, Start, s => s with { NumSupervisedTokens = 1 });
        Assert.Null(one.Last(Symptoms.FirstLossWrong));

        // A head that was trained for other classes is far off at first, and not for long.
        var other = new MadeUpRun(eight) { Noise = 0.01 }.Go(30, s => s < 5 ? 4 : 2.0 * Math.Exp(-0.02 * s), s => s with { NumSupervisedTokens = 16 });
        Assert.Null(other.Last(Symptoms.FirstLossWrong));
    }

    [Fact]
    public void A_run_that_has_not_seen_its_records_once_is_short_and_not_poor()
    {
        var run = new MadeUpRun(Classifier).Go(80, _ => 0.6).End();
        Assert.Equal(FindingSeverity.Info, run.AssertRaised(Symptoms.Underfitting, FindingSeverity.Info).Severity);
        Assert.Equal(FindingSeverity.Warning, new MadeUpRun(Classifier).Go(160, _ => 0.6).End().AssertRaised(Symptoms.Underfitting).Severity);
    }

    [Fact]
    public void A_rise_of_the_training_loss_that_held_out_rows_do_not_share_is_that_of_the_rows()
    {
        MadeUpRun Rise(double held)
        {
            var run = new MadeUpRun(Facts) { Noise = 0.1, Tail = 0 }.Go(100, s => 2 * Math.Exp(-0.005 * s)).Evaluate(1.25);
            for (var i = 0; i < 4; i++)
            {
                run.Go(4, _ => 1.9).Evaluate(held);
            }

            return run;
        }

        Assert.Null(Rise(1.25).Last(Symptoms.LossExplodes));
        Rise(1.9).AssertRaised(Symptoms.LossExplodes);
    }

    [Fact]
    public void Next_to_zero_a_factor_is_nothing()
    {
        MadeUpRun Rising(double scale, int pace = 30)
        {
            var run = new MadeUpRun(Facts);
            foreach (var held in new[] { 1.0, 0.6, 0.5, 0.53, 0.55, 0.56 })
            {
                run.Go(pace, s => 2 * Math.Exp(-0.02 * s)).Evaluate(held * scale);
            }

            return run;
        }

        Assert.Equal(FindingSeverity.Info, Rising(0.5).Last(Symptoms.ValidationLossRising)!.Severity);
        Assert.Equal(FindingSeverity.Warning, Rising(2).Last(Symptoms.ValidationLossRising)!.Severity);

        // Within the first epoch nothing can have been learnt by heart.
        Assert.Equal(FindingSeverity.Info, Rising(2, pace: 15).Last(Symptoms.ValidationLossRising)!.Severity);
    }

    [Fact]
    public void Lone_spikes_name_the_record_that_was_in_all_of_them()
    {
        var run = new MadeUpRun(Facts) { Noise = 0.05, Tail = 0 }.Go(100, _ => 1, s => s with { Records = [s.Step] });
        for (var i = 0; i < 3; i++)
        {
            run.Go(1, _ => 9, s => s with { Records = [s.Step, 777] }).Go(30, _ => 1, s => s with { Records = [s.Step] });
        }

        var spikes = run.Last(Symptoms.LossSpike)!;
        Assert.Equal(FindingSeverity.Warning, spikes.Severity);
        Assert.Equal([777], spikes.Records);
    }

    [Fact]
    public void Records_that_are_passed_over_on_purpose_are_no_lack_of_labels()
    {
        static TrainingStep Empty(TrainingStep s) => s with { NumSupervisedTokens = 0, Loss = double.NaN, GradNorm = 0, Skipped = true, RowsWithoutTargets = 0 };
        new MadeUpRun(Facts).Go(30).Go(1, null, s => Empty(s) with { RecordsPassedOver = 16 }).Go(60).AssertQuiet();
        new MadeUpRun(Facts).Go(30).Go(1, null, Empty).AssertRaised(Symptoms.NoLabels);
    }

    [Fact]
    public void A_run_that_runs_out_of_memory_says_what_to_change_and_by_how_much_and_one_that_goes_on_only_tells()
    {
        var ended = new MadeUpRun(Facts with { Config = new TrainingConfig { Batch = new BatchConfig { PerDeviceTrainBatchSize = 16, GradientAccumulationSteps = 1 } } })
            .RunOut(new MemoryShortage(1, 16, 512, InEvaluation: false, GoesOn: false)).AssertRaised(Symptoms.OutOfMemory, FindingSeverity.Error);
        Assert.Equal(["per_device_train_batch_size: 16 → 8", "gradient_accumulation_steps: 1 → 2"], ended.Remedy!.Changes.Select(c => c.ToString()));
        Assert.Contains("step 1", ended.Summary, StringComparison.Ordinal);
        new MadeUpRun(Facts).Go(30).RunOut(new MemoryShortage(31, 16, 512, InEvaluation: false, GoesOn: true)).Go(30).AssertQuiet();
    }

    [Fact]
    public void Gradients_that_leave_fp16_under_a_quiet_loss_are_put_down_to_the_format()
    {
        var run = new MadeUpRun(Facts with { Precision = Precision.Fp16, Method = TrainingMethod.Lora })
            .Go(60, null, s => s with { UpdateRatio = 0.04 }).Go(20, null, s => s with { GradNorm = double.PositiveInfinity, Skipped = true, UpdateRatio = 0.04 });
        Assert.Equal(CauseIds.PrecisionOverflow, run.Last(Symptoms.NonFinite)!.Cause!.Id);
    }

    [Fact]
    public void Cut_off_answers_are_blamed_only_where_records_were_dropped_for_them()
    {
        var config = new TrainingConfig { Data = new DataConfig { MaxLength = 128 } };
        var masked = new MadeUpRun(Facts with { Config = config }).Go(10).Go(1, null, s => s with { NumSupervisedTokens = 0, Skipped = true });
        Assert.DoesNotContain(masked.Last(Symptoms.NoLabels)!.Cause!.Remedies.SelectMany(r => r.Changes), c => c.Setting == "keep_target");
        var dropped = new MadeUpRun(Facts with { Config = config, RecordsWithoutLabels = 0.3 }).Go(10);
        Assert.Equal("keep_target", dropped.Last(Symptoms.NoLabels)!.Remedy!.Changes[0].Setting);
    }
}
