using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Diagnostics;

public sealed class AutoRemedyTests
{
    private static readonly TrainingConfig Config = new()
    {
        Optimization = new OptimizationConfig { LearningRate = 0.01 },
        Batch = new BatchConfig { GradientAccumulationSteps = 2 },
    };

    private static readonly RunCheckpoint[] Checkpoints = [new(20, "a"), new(40, "b"), new(60, "c")];

    [Fact]
    public void A_lower_rate_is_applied_from_the_last_checkpoint_before_the_trouble()
    {
        var remedy = AutoRemedy.Choose(Diagnosed(CauseIds.LearningRateTooHigh, new RemedyChange("learning_rate", "0.01", "0.001")), Config, Checkpoints, 70, 200)!;
        Assert.Equal((40, 70), (remedy.BackToStep, remedy.StoppedAfterStep));
        Assert.Equal(0.001, AutoRemedy.Apply(Config, remedy).Optimization.LearningRate);
        Assert.Contains("step 40", remedy.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void More_accumulation_keeps_the_rows_of_the_rest_of_the_run()
    {
        var remedy = AutoRemedy.Choose(Diagnosed(CauseIds.BatchTooSmall, new RemedyChange("gradient_accumulation_steps", "2", "8")), Config, Checkpoints, 70, 200)!;
        var config = AutoRemedy.Apply(Config, remedy);
        Assert.Equal((8, 40 + 40), (config.Batch.GradientAccumulationSteps, config.Duration.MaxSteps));
    }

    [Fact]
    public void A_few_bad_records_are_passed_over_and_many_are_not()
    {
        var few = Diagnosed(CauseIds.BadRecords) with { Records = [3, 4] };
        Assert.Equal([3, 4], AutoRemedy.Choose(few, Config, Checkpoints, 70, 200)!.SkippedRecords);
        Assert.Null(AutoRemedy.Choose(few with { Records = [.. Enumerable.Range(0, 65).Select(i => (long)i)] }, Config, Checkpoints, 70, 200));
    }

    [Fact]
    public void What_is_not_safe_not_serious_not_the_root_or_over_is_left_to_a_person()
    {
        var change = new RemedyChange("learning_rate", "0.01", "0.001");
        var diagnosis = Diagnosed(CauseIds.LearningRateTooHigh, change);
        Assert.False(AutoRemedy.IsTreatable(diagnosis with { Severity = FindingSeverity.Info }));
        Assert.False(AutoRemedy.IsTreatable(diagnosis with { SuppressedBy = "x" }));
        Assert.False(AutoRemedy.IsTreatable(diagnosis with { ClosedAtStep = 60 }));
        Assert.False(AutoRemedy.IsTreatable(diagnosis with { Causes = [diagnosis.Causes[0] with { Remedies = [new DiagnosisRemedy { Text = "", Changes = [change] }] }] }));
        Assert.Equal(0, AutoRemedy.Choose(diagnosis with { FirstStep = 10 }, Config, Checkpoints, 70, 200)!.BackToStep);
    }

    [Fact]
    public void Remedies_are_kept_and_read_again_with_what_was_diagnosed()
    {
        var folder = new RunFolder(Directory.CreateTempSubdirectory("traintools-remedy-").FullName);
        try
        {
            var remedy = AutoRemedy.Choose(Diagnosed(CauseIds.BadRecords) with { Records = [3, 4] }, Config, Checkpoints, 70, 200)!;
            RemedyLog.Append(folder, remedy);
            File.AppendAllText(folder.RemediesPath, "{\"at\": ");
            var read = Assert.Single(RemedyLog.Read(folder));
            Assert.Equal((remedy.Diagnosis.Id, 40), (read.Diagnosis.Id, read.BackToStep));
            Assert.True(RemedyLog.SkippedRecords(folder).SetEquals([3, 4]));
        }
        finally
        {
            Directory.Delete(folder.Path, recursive: true);
        }
    }

    private static Diagnosis Diagnosed(string cause, params RemedyChange[] changes) => new()
    {
        Id = "LossExplodes-1", Symptom = Symptoms.LossExplodes, Severity = FindingSeverity.Error, FirstStep = 55, Summary = "",
        Causes = [new DiagnosisCause { Id = cause, Title = cause, Score = 1, Reason = "", Remedies = changes.Length == 0 ? [] : [new DiagnosisRemedy { Text = "", Changes = changes, IsSafe = true }] }],
    };
}
