using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>What the tab key offers.</summary>
public sealed class CompletionTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("New-TrainingConfig -Preset sft", "sft-lora")]
    [InlineData("New-TrainingConfig -LrSchedulerType Cosine", "CosineWithMinLr")]
    [InlineData("New-TrainingConfig -Method ", "Qlora")]
    [InlineData("New-TrainingConfig -Task ", "TokenClassification")]
    [InlineData("New-TrainingConfig -Optim adam", "adamw_torch")]
    [InlineData("New-TrainingConfig -PackingStrategy ", "Bfd")]
    [InlineData("Test-TrainingConfig -Rule Learn", "LearningRateRange")]
    [InlineData("Invoke-DatasetClean -Include dup", "duplicate.near")]
    [InlineData("Start-FineTune -StopOn Non", "NonFinite")]
    [InlineData("Start-FineTune -Set learn", "learning_rate=")]
    [InlineData("Start-FineTune -Set lr_scheduler_type=cos", "lr_scheduler_type=cosine")]
    [InlineData("Install-TrainingBackend ", "FromPython")]
    [InlineData("Get-FineTuneRun -State ", "Completed")]
    public void Closed_sets_are_offered(string typed, string expected) => Assert.Contains(expected, Complete(typed));

    [Fact]
    public void Layers_come_from_the_model()
    {
        var typed = $"New-TrainingConfig -ModelPath '{Example.Model}' ";
        Assert.Equal(["all-linear", "down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"], Complete(typed + "-TargetModule "));
        Assert.Equal(["k_proj"], Complete(typed + "-ExcludeModule k"));
        Assert.Contains("embed_tokens", Complete(typed + "-ModuleToSave "));
    }

    [Fact]
    public void Fields_come_from_the_data()
    {
        var data = folder.File("reviews.csv", "review,star rating,sentiment\nfine,5,good\nbad,1,poor\n");
        Assert.Equal(["review", "'star rating'", "sentiment"], Complete($"Import-TrainingDataset '{data}' -LabelField "));
        Assert.Equal(["review"], Complete($"New-TrainingConfig -DatasetPath '{data}' -TextField r"));
        Assert.Equal(["sentiment"], Complete($"Split-TrainingDataset '{data}' -GroupBy se"));
    }

    [Fact]
    public void Runs_and_their_checkpoints_are_offered_from_the_shells_location()
    {
        folder.File("runs/night/run.json", """{"state":"completed","process_id":1,"host":"h"}""");
        folder.File("runs/night/checkpoints/step-000010/state.json", "{}");
        folder.File("runs/notes/readme.txt", "no run");
        shell.Runspace.SessionStateProxy.Path.SetLocation(folder.Path);
        Assert.Equal(["runs/night"], Complete("Get-FineTuneRun "));
        Assert.Equal(["runs/night"], Complete("Stop-FineTune ni"));
        Assert.Equal(["runs/night"], Complete("Get-TrainingDiagnosis runs/"));
        Assert.Contains("runs/night/checkpoints/step-000010", Complete("Invoke-FineTunedModel runs/night/"));
        Assert.Equal(["step-000010"], Complete("Start-FineTune runs/night -Resume -Checkpoint "));
    }

    [Theory]
    [InlineData("New-TrainingConfig -ModelPath ./nowhere -TargetModule q", "all-linear")]
    [InlineData("Import-TrainingDataset ./nowhere.jsonl -LabelField l", "label")]
    public void What_cannot_be_read_is_no_error(string typed, string unexpected)
    {
        shell.Runspace.SessionStateProxy.Path.SetLocation(folder.Path);
        Assert.DoesNotContain(unexpected, Complete(typed));
        Assert.Empty(shell.Output("$Error"));
    }

    [Fact]
    public void Completers_are_silent_and_load_nothing_native()
    {
        shell.Runspace.SessionStateProxy.Path.SetLocation(folder.Path);
        folder.File("broken/config.json", "{ \"hidden_size\": ");
        folder.File("broken.jsonl", "{ no json\n\0\u0001");
        folder.File("runs/broken/run.json", "{");
        var completed = shell.Output("Get-Command -Module TrainTools").Select(c => (System.Management.Automation.CmdletInfo)c.BaseObject).SelectMany(c => c.Parameters.Values
            .Where(p => p.Attributes.OfType<ArgumentCompleterAttribute>().Any())
            .Select(p => $"{c.Name} {(p.Name is "Path" or "LiteralPath" ? "" : c.Parameters.ContainsKey("ModelPath") ? "-ModelPath ./broken -DatasetPath broken.jsonl " : c.Parameters.ContainsKey("Path") ? "-Path runs/broken " : "")}-{p.Name} ")).ToList();
        Assert.True(completed.Count > 40, $"{completed.Count}");
        foreach (var typed in completed)
        {
            foreach (var word in (string[])["", "a", "'", "*", "[", "$(", "../", "Nope:/", "=", "x=y", "\u0000"])
            {
                using var session = System.Management.Automation.PowerShell.Create(shell.Runspace);
                _ = CommandCompletion.CompleteInput(typed + word, typed.Length + word.Length, null, session);
                Assert.Empty(session.Streams.Error);
                Assert.Empty(session.Streams.Warning);
                Assert.Empty(session.Streams.Progress);
                Assert.Empty(session.Streams.Information);
            }
        }

        Assert.Empty(shell.Output("$Error"));
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        Assert.DoesNotContain(process.Modules.Cast<System.Diagnostics.ProcessModule>(), m => m.ModuleName.Contains("torch", StringComparison.OrdinalIgnoreCase) || m.ModuleName.StartsWith("libc10", StringComparison.Ordinal));
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), a => a.GetName().Name == "TorchSharp");
    }

    private List<string> Complete(string typed)
    {
        using var session = System.Management.Automation.PowerShell.Create(shell.Runspace);
        return [.. CommandCompletion.CompleteInput(typed, typed.Length, null, session).CompletionMatches.Select(m => m.CompletionText)];
    }
}
