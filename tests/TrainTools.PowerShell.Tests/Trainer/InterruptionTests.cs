using System.Diagnostics;
using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

/// <summary>Runs that do not come to their end by themselves.</summary>
[Collection(TrainerCollection.Name)]
public sealed class InterruptionTests(CompletedRun done) : IDisposable
{
    private const string EndlessRun =
        "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath $args[2] -MaxSteps 1000000 -BatchSize 1 -NumThreads 1 -SaveStrategy No | Start-FineTune";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new();

    private string Output => Path.Combine(folder.Path, "run");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Stopping_the_pipeline_leaves_a_stopped_run_with_a_checkpoint()
    {
        using var other = new Shell();
        using var shell = Begin(other);
        shell.Stop();

        var run = Assert.Single(done.Shell.Output("Get-FineTuneRun $args[0]", Output));
        Assert.Equal("Stopped", run.Text("State"));
        var checkpoint = PSObject.AsPSObject(Assert.Single((IEnumerable<object>)run.Get("Checkpoints")!));
        Assert.Equal(run.Get("Steps"), checkpoint.Get("Step"));
        Assert.True(Directory.EnumerateFiles((string)checkpoint.Get("Path")!).Any());

        // The session that was interrupted goes on.
        Assert.Single(other.Output("New-TrainingConfig"));
    }

    [Fact]
    public void Stop_FineTune_from_another_session_makes_the_command_return_a_stopped_run()
    {
        using var other = new Shell();
        using var shell = Begin(other, out var result);
        var seen = done.Shell.Output("Stop-FineTune $args[0] -Wait -PassThru", Output);
        Assert.Equal("Stopped", Assert.Single(seen).Text("State"));

        var run = Assert.Single(shell.EndInvoke(result));
        Assert.Equal("Stopped", run.Text("State"));
        Assert.Empty(shell.Streams.Error);
        Assert.Single((IEnumerable<object>)run.Get("Checkpoints")!);
    }

    [Fact]
    public void A_killed_trainer_is_one_error_and_the_session_lives_on()
    {
        using var other = new Shell();
        using var shell = Begin(other, out var result);
        using (var info = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(Output, "run.json"))))
        using (var trainer = Process.GetProcessById(info.RootElement.GetProperty("process_id").GetInt32()))
        {
            trainer.Kill();
        }

        Assert.Empty(shell.EndInvoke(result));
        var error = Assert.Single(shell.Streams.Error);
        Assert.StartsWith("TrainerDied,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("Failed", Assert.Single(other.Output("Get-FineTuneRun $args[0]", Output)).Text("State"));
    }

    [Fact]
    public void A_second_run_in_the_folder_of_a_living_one_is_refused_even_with_Force()
    {
        using var other = new Shell();
        using var shell = Begin(other, out _);
        var error = done.Shell.Error(EndlessRun + " -Force", Example.Model, done.Data, Output);
        Assert.StartsWith("RunInUse,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        shell.Stop();
    }

    private System.Management.Automation.PowerShell Begin(Shell session) => Begin(session, out _);

    /// <summary>Starts a run that would go on for ever, and waits for its first step.</summary>
    private System.Management.Automation.PowerShell Begin(Shell session, out IAsyncResult result)
    {
        var shell = System.Management.Automation.PowerShell.Create(session.Runspace);
        shell.AddScript(EndlessRun).AddArgument(Example.Model).AddArgument(done.Data).AddArgument(Output);
        result = shell.BeginInvoke();
        var metrics = new FileInfo(Path.Combine(Output, "metrics.jsonl"));
        var started = Stopwatch.StartNew();
        while (!metrics.Exists || metrics.Length == 0)
        {
            Assert.True(started.Elapsed < Patience, "the run did not reach its first step");
            Assert.Equal(PSInvocationState.Running, shell.InvocationStateInfo.State);
            Thread.Sleep(50);
            metrics.Refresh();
        }

        return shell;
    }
}
