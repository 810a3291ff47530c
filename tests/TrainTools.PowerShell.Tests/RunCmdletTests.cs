using System.Management.Automation;
using System.Text.Json.Nodes;

namespace TrainTools.PowerShell.Tests;

/// <summary>Get-FineTuneRun and Stop-FineTune on folders as a trainer leaves them.</summary>
public sealed class RunCmdletTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private const string Completed =
        """{"state":"completed","started_at":"2026-01-02T03:04:05+00:00","ended_at":"2026-01-02T03:04:15+00:00","process_id":1,"host":"h","device":"cpu","result":{"event":"result","state":"completed","steps":20,"first_loss":3.5,"final_loss":1.25,"train_seconds":10,"num_input_tokens":5000}}""";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_run_tells_how_it_ended()
    {
        folder.File("a/run.json", Completed);
        folder.File("a/model/config.json", "{}");
        folder.File("a/checkpoints/step-000010/state.json", "{}");
        folder.File("a/checkpoints/step-000020/state.json", "{}");
        folder.File("a/checkpoints/step-000030.tmp/state.json", "{}");

        var run = shell.Output("Get-FineTuneRun \"$($args[0])/a\"", folder.Path)[0];

        Assert.Equal("a", run.Get("Name"));
        Assert.Equal("Completed", run.Text("State"));
        Assert.Equal(20, run.Get("Steps"));
        Assert.Equal(1.25, run.Get("FinalLoss"));
        Assert.Equal(TimeSpan.FromSeconds(10), run.Get("Duration"));
        Assert.Equal(500.0, run.Get("TokensPerSecond"));
        Assert.Equal(Path.Combine(folder.Path, "a", "model"), run.Get("ModelPath"));
        Assert.Equal([10, 20], ((IEnumerable<object>)run.Get("Checkpoints")!).Select(c => (int)PSObject.AsPSObject(c).Get("Step")!));
        Assert.Null(run.Get("Error"));
    }

    [Fact]
    public void A_copied_run_has_its_own_result_and_not_the_originals()
    {
        var original = Path.GetDirectoryName(folder.File("a/adapter/adapter_config.json", "{}"))!;
        folder.File("b/adapter/adapter_config.json", "{}");
        var info = JsonNode.Parse(Completed)!;
        info["result"]!["model_path"] = original;
        folder.File("b/run.json", info.ToJsonString());
        Assert.Equal(Path.Combine(folder.Path, "b", "adapter"), shell.Output("Get-FineTuneRun \"$($args[0])/b\"", folder.Path)[0].Get("ModelPath"));
    }

    [Fact]
    public void Metrics_are_read_as_far_as_they_are_whole()
    {
        folder.File("a/run.json", Completed);
        folder.File("a/metrics.jsonl",
            """
            {"step":1,"epoch":0.5,"loss":3.5,"grad_norm":1,"learning_rate":0.001,"num_input_tokens":10,"step_seconds":0.5}
            {"eval_loss":3.25,"epoch":0.5,"step":1}
            {"step":2,"epoch":1,"loss":"NaN","grad_norm":1,"learning_rate":0.001,"num_input_tokens":10,"step_seconds":0.5}
            {"train_runtime":10,"train_loss":2,"step":2}
            {"step":3,"epo
            """);
        var run = shell.Output("$r = Get-FineTuneRun \"$($args[0])/a\"; $r.Metrics.Count; $r.Metrics[1].Loss; $r.Evaluations.Count; $r.Evaluations[0].Metrics['eval_loss']", folder.Path);
        Assert.Equal([2, double.NaN, 1, 3.25], run.Select(r => r.BaseObject));
    }

    [Fact]
    public void A_run_that_says_running_without_a_trainer_was_cut_off()
    {
        folder.File("a/run.json", """{"state":"running","process_id":4711,"host":"h"}""");
        folder.File("a/metrics.jsonl", """{"step":7,"loss":2.5,"num_input_tokens":10,"step_seconds":0.5}""" + "\n");
        var run = shell.Output("Get-FineTuneRun \"$($args[0])/a\"", folder.Path)[0];
        Assert.Equal("Failed", run.Text("State"));
        Assert.Equal(7, run.Get("Steps"));
        Assert.Equal("TrainerDied", run.Get("Error.ErrorId"));
    }

    [Fact]
    public void A_folder_of_runs_and_a_pattern_give_all_runs_and_nothing_else()
    {
        folder.File("runs/a/run.json", Completed);
        folder.File("runs/b/config.yaml", "seed: 1\n");
        folder.File("runs/c/other.txt", "");
        Assert.Equal(2, shell.Output("Get-FineTuneRun \"$($args[0])/runs\"", folder.Path).Count);
        Assert.Equal(2, shell.Output("Get-FineTuneRun \"$($args[0])/runs/*\"", folder.Path).Count);
        Assert.Equal("a", Assert.Single(shell.Output("Get-FineTuneRun \"$($args[0])/runs\" -State Completed", folder.Path)).Get("Name"));
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("c")]
    public void A_folder_that_is_no_run_is_one_error(string name)
    {
        folder.File("c/other.txt", "");
        var error = shell.Error("Get-FineTuneRun \"$($args[0])/$($args[1])\"", folder.Path, name);
        Assert.StartsWith("RunFolderNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
        Assert.Equal(Path.Combine(folder.Path, name), error.TargetObject);
    }

    [Fact]
    public void Stopping_a_run_that_is_over_is_a_warning_and_leaves_no_request()
    {
        folder.File("a/run.json", Completed);
        var result = shell.Run("Stop-FineTune \"$($args[0])/a\" -PassThru", folder.Path);
        Assert.Empty(result.Errors);
        Assert.Single(result.Warnings);
        Assert.Single(result.Output);
        Assert.False(File.Exists(Path.Combine(folder.Path, "a", "stop")));
    }

    [Fact]
    public void Stopping_a_running_run_puts_the_request_into_its_folder_unless_WhatIf()
    {
        folder.File("a/run.json", """{"state":"running","process_id":1,"host":"h"}""");
        var request = Path.Combine(folder.Path, "a", "stop");
        using (new FileStream(Path.Combine(folder.Path, "a", "run.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            shell.Output("Stop-FineTune \"$($args[0])/a\" -WhatIf", folder.Path);
            Assert.False(File.Exists(request));
            shell.Output("Get-FineTuneRun \"$($args[0])/a\" | Stop-FineTune", folder.Path);
            Assert.True(File.Exists(request));
        }
    }
}
