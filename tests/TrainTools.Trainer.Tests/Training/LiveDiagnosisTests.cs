using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Real training of the small model that goes wrong as people's does, diagnosed while it runs.</summary>
public sealed class LiveDiagnosisTests : IDisposable
{
    private readonly SmallRuns runs = new();

    [Fact]
    public void A_sound_run_warns_of_nothing()
    {
        var run = Train(Records(200, 1), Records(40, 2), learningRate: 1e-3, steps: 60);
        Assert.Empty(run.Diagnoses.Where(d => d.Severity >= FindingSeverity.Warning).Select(d => d.Describe()));
    }

    [Fact]
    public void A_rate_a_thousand_times_too_high_is_named_with_the_setting_to_change()
    {
        var run = Train(Records(200, 1), null, learningRate: 1, steps: 40);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(CauseIds.LearningRateTooHigh, diagnosis.Cause!.Id);
        var change = Assert.Single(diagnosis.Remedy!.Changes);
        Assert.Equal(("learning_rate", "1"), (change.Setting, change.OldValue));

        // What was said live is what is on disk, and what reading the metrics again says.
        var raised = run.Events.OfType<DiagnosisRaised>().Where(e => e.Change == DiagnosisChange.Raised).ToList();
        Assert.Equal(raised.Select(r => r.Diagnosis.Id).Order(), run.Diagnoses.Select(d => d.Id).Order());
    }

    [Fact]
    public void A_rate_a_million_times_too_low_is_named()
    {
        var run = Train(Records(200, 1), null, learningRate: 1e-9, steps: 80);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(CauseIds.LearningRateTooLow, diagnosis.Cause!.Id);
        Assert.True(double.Parse(diagnosis.Remedy!.Changes[0].NewValue, System.Globalization.CultureInfo.InvariantCulture) > 1e-5);
    }

    [Fact]
    public void Few_records_learnt_by_heart_show_in_the_validation_loss()
    {
        var run = Train(Records(12, 1), Records(40, 2), learningRate: 3e-3, steps: 90, evalSteps: 10);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(Symptoms.ValidationLossRising, diagnosis.Symptom);
        Assert.Equal(CauseIds.Overfitting, diagnosis.Cause!.Id);
    }

    [Fact]
    public void Training_records_as_validation_are_found_before_they_mislead()
    {
        var data = Records(60, 1);
        var run = Train(data, data, learningRate: 1e-3, steps: 20);
        Assert.Equal(CauseIds.EvaluationInTraining, run.Diagnoses.Single(d => d.Symptom == Symptoms.EvaluationOverlap).Cause!.Id);
    }

    // The notes' table of unstable runs, line by line: what a person sees there, and what the machine must name.

    [Fact]
    public void Notes_the_loss_explodes()
    {
        var run = Train(Records(200, 1), null, learningRate: 0.3, steps: 40);
        Assert.Contains(run.Diagnoses, d => d.Symptom is Symptoms.LossExplodes or Symptoms.EarlyInstability or Symptoms.UpdateTooLarge && d.Severity == FindingSeverity.Error);
        Assert.All(run.Diagnoses.Where(d => d.IsRoot && d.Severity == FindingSeverity.Error), d => Assert.Equal("learning_rate", d.Remedy!.Changes[0].Setting));
    }

    [Fact]
    public void Notes_the_loss_fluctuates_wildly()
    {
        // A row a step, every other one of noise: the mean over one row says little about the next.
        var run = Train(runs.Mixed(160), null, learningRate: 3e-4, steps: 100, batch: 1);
        var diagnosis = run.Diagnoses.First(d => d.Symptom == Symptoms.LossFluctuates);
        Assert.Equal(CauseIds.BatchTooSmall, diagnosis.Cause!.Id);
        Assert.Equal("gradient_accumulation_steps", diagnosis.Remedy!.Changes[0].Setting);
    }

    [Fact]
    public void Notes_the_loss_does_not_decrease()
    {
        var run = Train(Records(200, 1), null, learningRate: 1e-9, steps: 90);
        Assert.Contains(run.Diagnoses, d => d.Symptom == Symptoms.LossNotDecreasing);
        Assert.Contains(run.Diagnoses, d => d.IsRoot && d.Cause!.Id == CauseIds.LearningRateTooLow);
    }

    [Fact]
    public void Notes_training_is_better_than_validation()
    {
        var run = Train(Records(24, 1), Records(40, 2), learningRate: 2e-3, steps: 80, evalSteps: 10);
        var gap = run.Diagnoses.First(d => d.Symptom == Symptoms.OverfitGap);
        Assert.Equal(CauseIds.Overfitting, gap.Cause!.Id);
    }

    [Fact]
    public void Notes_the_validation_loss_rises()
    {
        var run = Train(Records(12, 1), Records(40, 2), learningRate: 3e-3, steps: 90, evalSteps: 10);
        var rising = run.Diagnoses.First(d => d.Symptom == Symptoms.ValidationLossRising);
        Assert.Contains(rising.Cause!.Remedies.SelectMany(r => r.Changes), c => c.Setting == "early_stopping_patience");
    }

    [Fact]
    public void A_run_that_treats_itself_goes_back_lowers_its_rate_and_writes_down_what_it_did()
    {
        var run = Train(Records(200, 1), null, learningRate: 0.3, steps: 60, treat: true);
        var folder = run.Folder;
        var remedies = RemedyLog.Read(folder);
        Assert.InRange(remedies.Count, 1, AutoRemedy.Most);
        Assert.All(remedies, r => Assert.Equal("learning_rate", r.Changes[0].Setting));
        var rate = ConfigYaml.Read(folder.ConfigPath).Optimization.LearningRate!.Value;
        Assert.True(rate < 0.03, $"{rate}");
        Assert.Equal(60, run.Events.OfType<TrainingStep>().Last().Step);

        // It ended better than it began, as the untreated run does not.
        var steps = FineTuneRun.Open(folder.Path).Metrics;
        Assert.Equal(Enumerable.Range(1, 60), steps.Select(s => s.Step));
        Assert.True(steps.TakeLast(5).Average(s => s.Loss) < steps[0].Loss);
    }

    public void Dispose() => runs.Dispose();

    private SmallRun Train(string data, string? validation, double learningRate, int steps, int evalSteps = 15, int batch = 8, bool treat = false) =>
        runs.Train(data, validation, learningRate, steps, evalSteps, batch, treat);

    private string Records(int count, int seed) => runs.Records(count, seed);
}
