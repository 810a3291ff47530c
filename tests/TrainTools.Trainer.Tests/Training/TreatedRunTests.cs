using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Logs;
using TrainTools.Core.Diagnostics.Probes;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Real runs that treat themselves, and real branches of every kind of probe.</summary>
public sealed class TreatedRunTests : IDisposable
{
    private readonly SmallRuns runs = new();

    [Fact]
    public void A_run_goes_back_to_the_checkpoint_before_the_trouble_and_keeps_what_lies_behind_it()
    {
        // The rate rises to where the loss explodes, with a checkpoint every five steps on the way.
        var run = runs.Train(runs.Records(200, 1), null, learningRate: 0.06, steps: 90, treat: true, change: c => c with
        {
            Schedule = c.Schedule with { WarmupSteps = 400 },
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 5, SaveTotalLimit = null },
        });
        var remedies = RemedyLog.Read(run.Folder);
        var first = remedies[0];
        Assert.True(first.BackToStep >= 5, $"It went back to step {first.BackToStep}: {first.Describe()}");
        Assert.True(first.BackToStep < first.Diagnosis.FirstStep && first.StoppedAfterStep > first.BackToStep);
        Assert.Equal("learning_rate", first.Changes[0].Setting);

        // What lay behind it had been set aside before the run came there again.
        Assert.Contains(run.Events.OfType<LogMessage>(), m => m.Message.Contains($"step {first.StoppedAfterStep} is now step-{first.StoppedAfterStep:D6}{RunCheckpoint.SupersededSuffix}", StringComparison.Ordinal));

        // One curve without gaps; the steps before the checkpoint were not done again.
        Assert.Equal(Enumerable.Range(1, 90), FineTuneRun.Open(run.Folder.Path).Metrics.Select(m => m.Step));
        Assert.Equal(1, run.Events.OfType<TrainingStep>().Count(s => s.Step == remedies.Min(r => r.BackToStep)));
        Assert.True(ConfigYaml.Read(run.Folder.ConfigPath).Optimization.LearningRate < 0.06);
    }

    [Fact]
    public void A_run_passes_over_the_records_that_make_it_jump()
    {
        // Five records of rubbish among stories in the manner of those that the model knows, without clipping.
        var run = runs.Train(runs.WithRubbish(210, 5), null, learningRate: 1e-4, steps: 300, treat: true, batch: 1, change: c => c with
        {
            Optimization = c.Optimization with { MaxGradNorm = 0 },
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 25 },
        });
        var remedy = RemedyLog.Read(run.Folder).First(r => r.SkippedRecords.Count > 0);
        Assert.Contains(remedy.SkippedRecords, SmallRuns.IsRubbish);
        Assert.Equal(300, run.Events.OfType<TrainingStep>().Last().Step);

        // That it learns nothing from them is no lack of labels.
        Assert.Contains(run.Events.OfType<TrainingStep>(), s => s.RecordsPassedOver > 0);
        Assert.DoesNotContain(FineTuneRun.Open(run.Folder.Path).Diagnoses, d => d.Symptom is Symptoms.NoLabels or Symptoms.NonFinite);
    }

    [Fact]
    public void Lower_rates_confirm_that_it_was_too_high_and_the_best_of_them_is_proposed()
    {
        var run = runs.Train(runs.Records(200, 1), null, learningRate: 0.05, steps: 60, change: c => c with { Schedule = c.Schedule with { WarmupSteps = 30 }, Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 5 } });
        var result = runs.Probe(run, CauseIds.LearningRateTooHigh, steps: 24);
        Assert.Equal((ProbeKind.LowerLearningRate, true), (result.Kind, result.Confirmed));

        // A third of the run's rate would still be too high: whole runs at both say so.
        var change = Assert.Single(result.Remedy!.Changes);
        Assert.Equal(("learning_rate", "0.05"), (change.Setting, change.OldValue));
        var proposed = double.Parse(change.NewValue, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(proposed < 0.5 * 0.05 / 3, change.ToString());
        Assert.True(End(proposed) < 0.9 * End(0.05 / 3));

        double End(double rate) => runs.Train(runs.Records(200, 1), null, rate, steps: 60).Events.OfType<TrainingStep>().TakeLast(10).Average(s => s.Loss);
    }

    [Fact]
    public void Lower_rates_rule_out_a_rate_that_was_right()
    {
        var run = runs.Train(runs.Records(200, 1), null, learningRate: 1e-3, steps: 40);
        var result = runs.Probe(run, CauseIds.LearningRateTooHigh, steps: 30, ofDiagnosis: false);
        Assert.Equal((ProbeKind.LowerLearningRate, false), (result.Kind, result.Confirmed));
    }

    [Fact]
    public void Higher_rates_confirm_that_it_was_too_low()
    {
        var run = runs.Train(runs.Records(200, 1), null, learningRate: 3e-5, steps: 40);
        var result = runs.Probe(run, CauseIds.LearningRateTooLow, steps: 40, ofDiagnosis: false);
        Assert.Equal((ProbeKind.HigherLearningRate, true), (result.Kind, result.Confirmed));
    }

    [Fact]
    public void The_records_again_in_fp32_jump_again_where_it_is_the_records()
    {
        var run = runs.Train(runs.WithRubbish(240, 5), null, learningRate: 1e-4, steps: 160, batch: 2, change: c => c with
        {
            Optimization = c.Optimization with { MaxGradNorm = 0 }, Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 10 },
        });
        var result = runs.Probe(run, CauseIds.BadRecords, steps: 30);
        Assert.Equal((ProbeKind.ReplayInFp32, true), (result.Kind, result.Confirmed));
    }

    [Fact]
    public void One_batch_is_learnt_by_heart_where_the_wiring_is_sound_and_not_where_the_rate_is_none()
    {
        var run = runs.Train(runs.Records(200, 1), null, learningRate: 3e-3, steps: 15);
        Assert.Equal((ProbeKind.OneBatch, false), (runs.Probe(run, CauseIds.ParametersFrozen, steps: 40, ofDiagnosis: false) is var sound ? (sound.Kind, sound.Confirmed) : default));
        var stuck = runs.Train(runs.Records(200, 1), null, learningRate: 1e-9, steps: 15);
        Assert.True(runs.Probe(stuck, CauseIds.ParametersFrozen, steps: 20, ofDiagnosis: false).Confirmed);
    }

    [Theory]
    [InlineData(0.05, false)]
    [InlineData(1e-6, true)]
    public void A_log_that_is_read_again_is_judged_as_the_run_was_while_it_trained(double rate, bool validated)
    {
        var run = runs.Train(runs.Records(120, 1), validated ? runs.Records(40, 2) : null, rate, steps: 60);
        var again = TrainingLogReader.Read(run.Folder.Path);
        Assert.Contains(run.Diagnoses, d => d.Severity >= FindingSeverity.Warning);
        Assert.Equal(run.Diagnoses.Select(Remedies), again.Diagnose().Select(Remedies));
        Assert.DoesNotContain(again.Lacks, l => l.Contains("earlier versions", StringComparison.Ordinal));

        static string Remedies(Diagnosis d) => $"{d.Id} {d.Severity} {d.FirstStep} {string.Join(" | ", d.Causes.Select(c => $"{c.Id}: {string.Join("; ", c.Remedies.SelectMany(r => r.Changes))}"))}";
    }

    public void Dispose() => runs.Dispose();
}
