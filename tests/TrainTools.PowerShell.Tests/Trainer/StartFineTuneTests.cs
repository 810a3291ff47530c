using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

[Collection(TrainerCollection.Name)]
public sealed class StartFineTuneTests(CompletedRun done) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_run_gives_its_figures_and_a_model()
    {
        Assert.Equal("Completed", done.Run.Text("State"));
        Assert.Equal(CompletedRun.Steps, done.Run.Get("Steps"));
        Assert.InRange((double)done.Run.Get("FirstLoss")!, 1, 6);
        Assert.True((double)done.Run.Get("TokensPerSecond")! > 0);
        Assert.Equal(done.Path, done.Run.Get("Path"));
        Assert.True(File.Exists(Path.Combine((string)done.Run.Get("ModelPath")!, "model.safetensors")));
        Assert.True(File.Exists(Path.Combine((string)done.Run.Get("ModelPath")!, "tokenizer.json")));
    }

    [Fact]
    public void The_run_folder_holds_the_resolved_configuration_and_a_line_for_each_step()
    {
        var config = File.ReadAllText(Path.Combine(done.Path, "config.yaml"));
        Assert.Contains("max_steps: 4", config, StringComparison.Ordinal);
        Assert.Matches(@"learning_rate: \S+  # derived: ", config);
        Assert.Equal(CompletedRun.Steps, File.ReadLines(Path.Combine(done.Path, "metrics.jsonl")).Count(l => l.Contains("\"loss\"", StringComparison.Ordinal)));
        Assert.Equal(CompletedRun.Steps, done.Shell.Output("(Get-FineTuneRun $args[0]).Metrics", done.Path).Count);
    }

    [Fact]
    public void Verbose_tells_what_was_decided()
    {
        Assert.Contains(done.Result.Verbose, l => l.StartsWith("learning_rate = ", StringComparison.Ordinal));
        Assert.Contains(done.Result.Verbose, l => l.Contains("4 steps", StringComparison.Ordinal) && l.Contains("on cpu", StringComparison.Ordinal));
        Assert.Contains(done.Result.Verbose, l => l.StartsWith("Checkpoint after step 4", StringComparison.Ordinal));
    }

    [Fact]
    public void Progress_shows_the_step_and_ends_as_completed()
    {
        Assert.Contains(done.Result.Progress, p => p.StatusDescription.StartsWith("step 4/4  loss ", StringComparison.Ordinal) && p.PercentComplete == 100);
        Assert.Equal(ProgressRecordType.Completed, done.Result.Progress[^1].RecordType);
        Assert.Single(done.Result.Progress, p => p.RecordType == ProgressRecordType.Completed);
    }

    [Fact]
    public void WhatIf_starts_nothing_and_makes_no_folder()
    {
        var output = Path.Combine(folder.Path, "run");
        var result = done.Shell.Run("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] | Start-FineTune -WhatIf", Example.Model, done.Data, output);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Empty(result.Progress);
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void Force_does_not_beat_WhatIf()
    {
        var before = File.ReadAllText(Path.Combine(done.Path, "run.json"));
        Assert.Empty(done.Shell.Output("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] | Start-FineTune -Force -WhatIf", Example.Model, done.Data, done.Path));
        Assert.Equal(before, File.ReadAllText(Path.Combine(done.Path, "run.json")));
    }

    [Fact]
    public void A_folder_that_is_not_empty_is_refused_and_Force_replaces_only_what_a_run_writes()
    {
        var output = Path.GetDirectoryName(folder.File("run/notes.txt", "mine"))!;
        folder.File("run/metrics.jsonl", "old");
        const string Script = "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 2 -BatchSize 1 -NumThreads 1 | Start-FineTune";

        var error = done.Shell.Error(Script, Example.Model, done.Data, output);
        Assert.StartsWith("OutputFolderNotEmpty,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
        Assert.Equal(output, error.TargetObject);
        Assert.Contains("-Force", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(Path.Combine(output, "metrics.jsonl")));

        var run = Assert.Single(done.Shell.Output(Script + " -Force", Example.Model, done.Data, output));
        Assert.Equal("Completed", run.Text("State"));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(output, "notes.txt")));
        Assert.DoesNotContain("old", File.ReadAllText(Path.Combine(output, "metrics.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_starts_from_a_yaml_file_with_settings_replaced()
    {
        File.Copy(done.Data, Path.Combine(folder.Path, "d.jsonl"));
        var yaml = folder.File("run.yaml", $"model_name_or_path: {Example.Model}\ndataset_path: d.jsonl\noutput_dir: out\nmax_steps: 9\nper_device_train_batch_size: 1\nnum_threads: 1\n");
        var run = Assert.Single(done.Shell.Output("$args[0] | Start-FineTune -Set max_steps=2", yaml));
        Assert.Equal(2, run.Get("Steps"));
        Assert.Equal(Path.Combine(folder.Path, "out"), run.Get("Path"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_losses_to_the_last_digit()
    {
        var output = Path.Combine(folder.Path, "again");
        done.Shell.Output(
            "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 4 -BatchSize 4 -NumThreads 1 | Start-FineTune", Example.Model, done.Data, output);
        Assert.Equal(Losses(done.Path), Losses(output));
    }

    private List<object> Losses(string path) => [.. done.Shell.Output("(Get-FineTuneRun $args[0]).Metrics.Loss", path).Select(l => l.BaseObject)];
}
