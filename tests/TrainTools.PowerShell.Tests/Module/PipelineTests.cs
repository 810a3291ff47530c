namespace TrainTools.PowerShell.Tests.Module;

/// <summary>The output of one cmdlet has the names that the next takes; paths, errors and repeated imports behave as in any module.</summary>
public sealed class PipelineTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Rows_of_a_table_become_configurations_by_the_names_of_their_columns()
    {
        var configs = shell.Output(
            """
            [pscustomobject]@{ LearningRate = '1e-4'; Epochs = 3; OutputPath = 'a' }, [pscustomobject]@{ learning_rate = 5e-4; lr_scheduler_type = 'linear'; Epochs = $null } |
                New-TrainingConfig -WeightDecay 0.02
            """);
        Assert.Equal([1e-4, 5e-4], configs.Select(c => c.Get("Optimization.LearningRate")));
        Assert.Equal([3.0, null], configs.Select(c => c.Get("Duration.NumTrainEpochs")));
        Assert.Equal(["Cosine", "Linear"], configs.Select(c => c.Text("Schedule.LrSchedulerType")));
        Assert.Equal([0.02, 0.02], configs.Select(c => c.Get("Optimization.WeightDecay")));
        Assert.Null(configs[1].Get("OutputDir"));
    }

    [Fact]
    public void A_split_goes_straight_into_a_configuration()
    {
        var data = Example.FewRecords(folder, 40);
        var config = shell.Output("Split-TrainingDataset $args[0] -ValidationShare 0.2 -DestinationPath $args[1] | New-TrainingConfig -ModelPath $args[2]", data, Path.Combine(folder.Path, "split"), Example.Model)[0];
        Assert.Equal(Path.Combine(folder.Path, "split", "train.jsonl"), config.Get("Data.DatasetPath")!.ToString());
        Assert.Equal(Path.Combine(folder.Path, "split", "validation.jsonl"), config.Get("Data.ValidationPath")!.ToString());
    }

    [Fact]
    public void Paths_of_settings_are_taken_from_the_shells_location()
    {
        var config = folder.File("elsewhere/config.yaml", "data:\n  dataset_path: here.jsonl\n");
        shell.Runspace.SessionStateProxy.Path.SetLocation(folder.Path);
        var set = shell.Output("Import-TrainingConfig $args[0] -Set output_dir=runs/x, dataset_path=a.jsonl, model_name_or_path=m; Import-TrainingConfig $args[0]", config);
        Assert.Equal(Path.Combine(folder.Path, "runs", "x"), set[0].Get("OutputDir"));
        Assert.Equal(Path.Combine(folder.Path, "a.jsonl"), set[0].Get("Data.DatasetPath")!.ToString());
        Assert.Equal(Path.Combine(folder.Path, "m"), set[0].Get("Model.ModelNameOrPath"));
        Assert.Equal(Path.Combine(folder.Path, "elsewhere", "here.jsonl"), set[1].Get("Data.DatasetPath")!.ToString());
    }

    [Fact]
    public void Runs_are_taken_by_their_path()
    {
        folder.File("a/run.json", """{"state":"completed","process_id":1,"host":"h"}""");
        var result = shell.Run("Get-FineTuneRun $args[0] | Stop-FineTune -PassThru", Path.Combine(folder.Path, "a"));
        Assert.Equal("a", Assert.Single(result.Output).Get("Name"));
        Assert.Contains("nothing to stop", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-FineTuneRun")]
    [InlineData("Get-TrainingDiagnosis")]
    [InlineData("Import-TrainingConfig")]
    [InlineData("Import-TrainingDataset")]
    [InlineData("Start-FineTune")]
    [InlineData("Stop-FineTune")]
    public void An_item_that_fails_is_one_error_and_the_next_follows(string command)
    {
        var result = shell.Run($"{command} -LiteralPath \"$($args[0])/one[1]\", \"$($args[0])/two\" -ErrorVariable seen -ErrorAction SilentlyContinue; $seen.Count", folder.Path);
        Assert.Equal(2, Assert.Single(result.Output).BaseObject);
    }

    [Theory]
    [InlineData("Get-FineTuneRun")]
    [InlineData("Import-TrainingConfig")]
    [InlineData("Import-TrainingDataset")]
    [InlineData("Measure-TrainingDataset")]
    [InlineData("Start-FineTune")]
    public void ErrorAction_Stop_ends_at_the_first(string command)
    {
        var result = shell.Run($"try {{ {command} \"$($args[0])/one\", \"$($args[0])/two\" -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId }}", folder.Path);
        Assert.Matches(@"^\w+,TrainTools\.PowerShell\.Commands\.", Assert.Single(result.Output).ToString());
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_path_of_another_provider_is_refused()
    {
        var error = shell.Error("Import-TrainingConfig Variable:PID");
        Assert.StartsWith("PathNotFileSystem,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIf_writes_nothing_even_with_Force()
    {
        var data = Example.FewRecords(folder, 20);
        shell.Run(
            """
            Set-Variable data, out $null
            $data, $out = $args
            New-TrainingConfig | Export-TrainingConfig "$out/c.yaml" -Force -WhatIf
            Import-TrainingDataset $data | Export-TrainingDataset "$out/d.jsonl" -Force -WhatIf
            Split-TrainingDataset $data -DestinationPath "$out/split" -Force -WhatIf
            $null = Invoke-DatasetClean $data -RejectedPath "$out/r.jsonl" -VerdictPath "$out/v.jsonl" -ReportPath "$out/p.html" -WhatIf
            New-TrainingConfig -ModelPath $args[2] -DatasetPath $data -MaxSteps 1 -OutputPath "$out/run" | Start-FineTune -Force -WhatIf -WarningAction SilentlyContinue
            Install-TrainingBackend -Source $out -Force -WhatIf
            """, data, folder.Path, Example.Model);
        Assert.Equal([Path.GetFileName(data)], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_module_can_be_imported_again_and_again()
    {
        using var own = new Shell();
        var output = own.Output("$manifest = $args[0]; 1..3 | ForEach-Object { Import-Module $manifest -Force; (New-TrainingConfig -Seed $_).Runtime.Seed }; Remove-Module TrainTools; Import-Module $manifest; (New-TrainingConfig -Seed 9).Runtime.Seed", Shell.Manifest);
        Assert.Equal([1L, 2L, 3L, 9L], output.Select(o => o.BaseObject));
    }

    [Fact]
    public void Runspaces_work_side_by_side()
    {
        var seeds = Enumerable.Range(0, 4).AsParallel().Select(seed =>
        {
            using var own = new Shell();
            return (long)own.Output("(New-TrainingConfig -Seed $args[0] | Test-TrainingConfig -Rule SeedRange) ; (New-TrainingConfig -Seed $args[0]).Runtime.Seed", seed)[^1].BaseObject;
        });
        Assert.Equal([0L, 1L, 2L, 3L], seeds.Order());
    }
}
