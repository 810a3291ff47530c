using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

/// <summary>Start-FineTune -Resume, -MaxDuration, -Detach and Watch-FineTune, as a scheduler's script uses them.</summary>
[Collection(TrainerCollection.Name)]
public sealed class ResumeTests(CompletedRun done) : IDisposable
{
    private const string Config =
        "$c = New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 6 -BatchSize 4 -NumThreads 1 -SaveStrategy Steps -SaveSteps 1 -SaveTotalLimit 9;";

    private readonly TemporaryFolder folder = new();

    private string Output => Path.Combine(folder.Path, "run");

    private string Outcomes => Path.Combine(folder.Path, "outcomes.jsonl");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_same_command_begins_goes_on_and_finds_nothing_left_to_do()
    {
        var data = Example.FewRecords(folder, 16);
        const string Command = Config + "$c | Start-FineTune -Resume -OutcomePath $args[3]";
        var first = Assert.Single(done.Shell.Output(Command, Example.Model, data, Output, Outcomes));
        Assert.Equal(("Completed", 6, 0), (first.Text("State"), first.Get("Steps"), first.Get("ExitCode")));
        var losses = Losses();

        // Back to step 3, by its number; then once more, and there is nothing to do.
        var again = Assert.Single(done.Shell.Output("Start-FineTune $args[0] -Checkpoint 3", Output));
        Assert.Equal(("Completed", 6), (again.Text("State"), again.Get("Steps")));
        Assert.EndsWith("step-000003", again.Text("ResumedFrom"), StringComparison.Ordinal);
        Assert.Equal(losses, Losses());
        var third = done.Shell.Run(Command, Example.Model, data, Output, Outcomes);
        Assert.Empty(third.Errors);
        Assert.Equal("Completed", Assert.Single(third.Output).Text("State"));
        Assert.Equal(2, File.ReadAllLines(Outcomes).Length);

        // Data that has changed is refused, and the run stays what it was.
        File.AppendAllText(data, "{\"text\": \"one more\"}\n");
        var error = done.Shell.Error(Command, Example.Model, data, Output, Outcomes);
        Assert.StartsWith("ResumeRefused,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("has changed", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("-Force", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal("Completed", Assert.Single(done.Shell.Output("Get-FineTuneRun $args[0]", Output)).Text("State"));
        Assert.Contains("\"error_id\":\"ResumeRefused\"", File.ReadAllLines(Outcomes)[^1], StringComparison.Ordinal);

        // So is a setting, before any trainer is started; config.yaml keeps the old one.
        error = done.Shell.Error("Start-FineTune $args[0] -Resume -Set learning_rate=0.5", Output);
        Assert.StartsWith("ResumeRefused,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("learning_rate was", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("learning_rate: 0.5", File.ReadAllText(Path.Combine(Output, "config.yaml")), StringComparison.Ordinal);

        error = done.Shell.Error("Start-FineTune $args[0] -Checkpoint 77", Output);
        Assert.StartsWith("CheckpointNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void A_detached_run_outlives_its_command_and_is_watched_and_stopped_from_elsewhere()
    {
        const string Endless = "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 1000000 -BatchSize 1 -NumThreads 1 -SaveStrategy No | Start-FineTune -Detach";
        using (var other = new Shell())
        {
            Assert.Equal("Running", Assert.Single(other.Output(Endless, Example.Model, done.Data, Output)).Text("State"));
        }

        // The run begins when its trainer is ready; from then on a moment's watching sees steps.
        var metrics = new FileInfo(Path.Combine(Output, "metrics.jsonl"));
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Thread.Sleep(50);
                metrics.Refresh();
                return metrics.Exists && metrics.Length > 0;
            },
            HostProcess.Limit));
        var steps = done.Shell.Output("Watch-FineTune $args[0] -AsStep -Timeout 5", Output);
        Assert.Equal(Enumerable.Range(1, steps.Count), steps.Select(s => (int)s.Get("Step")!));
        Assert.NotEmpty(steps);
        var run = Assert.Single(done.Shell.Output("Watch-FineTune $args[0] -NoWait", Output));
        Assert.Equal("Running", run.Text("State"));
        Assert.NotNull(run.Get("LastHeartbeat"));
        Assert.Null(run.Get("ExitCode"));
        Assert.StartsWith("RunInUse,", done.Shell.Error("Start-FineTune $args[0] -Resume", Output).FullyQualifiedErrorId, StringComparison.Ordinal);

        var stopped = Assert.Single(done.Shell.Output("Stop-FineTune $args[0]; Watch-FineTune $args[0]", Output));
        Assert.Equal(("Stopped", 3), (stopped.Text("State"), stopped.Get("ExitCode")));
        Assert.Contains("'stop'", stopped.Text("StopReason"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_limit_stops_a_run_with_a_checkpoint()
    {
        const string Endless = "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 1000000 -BatchSize 1 -NumThreads 1 -SaveStrategy No | Start-FineTune -MaxDuration 1";
        var run = Assert.Single(done.Shell.Output(Endless, Example.Model, done.Data, Output));
        Assert.Equal("Stopped", run.Text("State"));
        Assert.Contains("time limit", run.Text("StopReason"), StringComparison.Ordinal);
        Assert.Single((IEnumerable<object>)run.Get("Checkpoints")!);
    }

    [Theory]
    [InlineData("Start-FineTune $args[0]", "OutputFolderNotEmpty")]
    [InlineData("New-TrainingConfig -ModelPath $args[1] | Start-FineTune -Resume", "ResumeNeedsFolder")]
    [InlineData("Start-FineTune $args[0] -Resume -StopAt 2001-01-01", "StopAtPassed")]
    [InlineData("Start-FineTune $args[0] -Resume -MaxDuration soon", "ParameterArgumentTransformationError")]
    [InlineData("Start-FineTune $args[0] -Resume -StopOn Boredom", "SymptomUnknown")]
    [InlineData("Start-FineTune \"$($args[0])-not-there\" -Resume", "ConfigFileNotFound")]
    [InlineData("Watch-FineTune \"$($args[0])-not-there\"", "RunFolderNotFound")]
    public void Wrong_input_is_one_error(string script, string id) =>
        Assert.StartsWith(id + ",", done.Shell.Error(script, done.Path, Example.Model).FullyQualifiedErrorId, StringComparison.Ordinal);

    [Fact]
    public void A_run_that_is_over_can_be_watched_too()
    {
        Assert.Equal(CompletedRun.Steps, done.Shell.Output("Watch-FineTune $args[0] -AsStep", done.Path).Count);
        Assert.Equal("Completed", Assert.Single(done.Shell.Output("Get-FineTuneRun $args[0] | Watch-FineTune", done.Path)).Text("State"));
    }

    [Fact]
    public void A_path_with_blanks_quotes_letters_of_every_kind_and_250_characters_is_a_path_like_any_other()
    {
        var odd = Path.Combine(folder.Path, OperatingSystem.IsWindows() ? "it's ünïcödé 模型 🙂" : "it's \"ünïcödé\" 模型 🙂 $x `y [z]");
        odd = Path.Combine(odd, new string('n', Math.Max(1, 250 - odd.Length - 1)));
        Directory.CreateDirectory(odd);
        foreach (var file in Directory.EnumerateFiles(Example.Model))
        {
            File.Copy(file, Path.Combine(odd, Path.GetFileName(file)));
        }

        var run = Assert.Single(done.Shell.Output(
            "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 2 -BatchSize 1 -NumThreads 1 | Start-FineTune",
            odd, done.Data, Path.Combine(folder.Path, "it's \"a\" run [1]".Replace('"', OperatingSystem.IsWindows() ? '_' : '"'))));
        Assert.Equal("Completed", run.Text("State"));
        Assert.True(File.Exists(Path.Combine((string)run.Get("ModelPath")!, "model.safetensors")));
    }

    [Fact]
    public void A_model_folder_whose_files_lead_out_of_it_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // links need a privilege there
        }

        var model = Example.ModelCopy(folder);
        var secret = folder.File("secret.json", "{}");
        File.Delete(Path.Combine(model, "generation_config.json"));
        File.CreateSymbolicLink(Path.Combine(model, "generation_config.json"), secret);
        var error = done.Shell.Error(
            "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 2 -BatchSize 1 -NumThreads 1 | Start-FineTune", model, done.Data, Output);
        Assert.StartsWith("LinkLeavesFolder,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("generation_config.json", error.ToString(), StringComparison.Ordinal);
    }

    private List<object> Losses() => [.. done.Shell.Output("(Get-FineTuneRun $args[0]).Metrics.Loss", Output).Select(l => l.BaseObject)];
}
