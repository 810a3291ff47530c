using System.Management.Automation;

namespace TrainTools.PowerShell.Tests;

public sealed class TrainingConfigFileTests(Shell shell) : IClassFixture<Shell>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_is_written_reads_back_equal()
    {
        var path = Path.Combine(folder.Path, "run.yaml");
        var output = shell.Output(
            """
            $a = New-TrainingConfig -ModelPath m -DatasetPath d.jsonl -LearningRate 3e-4 -LrSchedulerType Linear -TargetModule q_proj, v_proj
            $a | Export-TrainingConfig $args[0]
            $b = Import-TrainingConfig $args[0]
            $a.Equals($b)
            """, path);
        Assert.Equal(true, Assert.Single(output).BaseObject);
    }

    [Fact]
    public void Export_refuses_to_write_over_a_file_without_Force()
    {
        var path = folder.File("run.yaml", "old");
        var error = shell.Error("New-TrainingConfig | Export-TrainingConfig $args[0]", path);
        Assert.StartsWith("FileExists,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ResourceExists, error.CategoryInfo.Category);
        Assert.Equal("old", File.ReadAllText(path));

        shell.Output("New-TrainingConfig | Export-TrainingConfig $args[0] -Force", path);
        Assert.NotEqual("old", File.ReadAllText(path));
    }

    [Fact]
    public void WhatIf_writes_nothing_even_with_Force()
    {
        var path = folder.File("run.yaml", "old");
        Assert.Empty(shell.Output("New-TrainingConfig | Export-TrainingConfig $args[0] -Force -PassThru -WhatIf", path));
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public void Resolve_writes_out_defaults_and_what_they_come_from()
    {
        var path = Path.Combine(folder.Path, "run.yaml");
        shell.Output("New-TrainingConfig | Export-TrainingConfig $args[0] -Resolve", path);
        Assert.Matches(@"(?m)^\s+learning_rate: \S+  # derived: ", File.ReadAllText(path));
    }

    [Fact]
    public void Description_puts_a_comment_before_settings()
    {
        var path = Path.Combine(folder.Path, "run.yaml");
        shell.Output("New-TrainingConfig | Export-TrainingConfig $args[0] -Description", path);
        Assert.Contains("# Decoupled weight decay.", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public void Set_replaces_settings_after_reading()
    {
        var path = folder.File("run.yaml", "learning_rate: 1e-3\nnum_train_epochs: 2\n");
        var config = shell.Output("Import-TrainingConfig $args[0] -Set learning_rate=5e-5", path)[0];
        Assert.Equal(5e-5, config.Get("Optimization.LearningRate"));
        Assert.Equal(2.0, config.Get("Duration.NumTrainEpochs"));
    }

    [Fact]
    public void Wildcards_and_pipelines_name_several_files()
    {
        folder.File("a.yaml", "seed: 1\n");
        folder.File("b.yaml", "seed: 2\n");
        Assert.Equal(2, shell.Output("Import-TrainingConfig \"$($args[0])/*.yaml\"", folder.Path).Count);
        Assert.Equal(2, shell.Output("\"$($args[0])/a.yaml\", \"$($args[0])/b.yaml\" | Import-TrainingConfig", folder.Path).Count);
    }

    [Fact]
    public void LiteralPath_takes_brackets_as_they_are()
    {
        var path = folder.File("run[1].yaml", "seed: 1\n");
        Assert.Single(shell.Output("Import-TrainingConfig -LiteralPath $args[0]", path));
        Assert.Single(shell.Output("[pscustomobject]@{ PSPath = $args[0] } | Import-TrainingConfig", path));
    }

    [Fact]
    public void Brackets_are_a_pattern_unless_only_the_name_itself_is_there()
    {
        var named = folder.File("run[1].yaml", "seed: 1\n");
        Assert.Equal(1L, Assert.Single(shell.Output("Import-TrainingConfig $args[0]", named)).Get("Runtime.Seed"));

        folder.File("run1.yaml", "seed: 2\n");
        Assert.Equal(2L, Assert.Single(shell.Output("Import-TrainingConfig $args[0]", named)).Get("Runtime.Seed"));
        Assert.Equal(1L, Assert.Single(shell.Output("[pscustomobject]@{ Path = $args[0] } | Import-TrainingConfig", named)).Get("Runtime.Seed"));
        var escaped = named.Replace("[", "`[", StringComparison.Ordinal).Replace("]", "`]", StringComparison.Ordinal);
        Assert.Equal(1L, Assert.Single(shell.Output("Import-TrainingConfig $args[0]", escaped)).Get("Runtime.Seed"));
        Assert.Equal(named, Assert.Single((IEnumerable<string>)shell.Output("New-TrainingConfig -DatasetPath $args[0]", escaped)[0].Get("Data.DatasetPath")!));
    }

    [Fact]
    public void A_pattern_without_a_match_is_an_error()
    {
        var error = shell.Error("Import-TrainingConfig \"$($args[0])/nightly*.yaml\"", folder.Path);
        Assert.StartsWith("PathNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("nightly*.yaml", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(shell.Output("Get-FineTuneRun \"$($args[0])/nightly*\"", folder.Path));
    }

    [Fact]
    public void One_bad_file_does_not_keep_the_others_back()
    {
        folder.File("a.yaml", "sed: 1\n");
        folder.File("b.yaml", "seed: 2\n");
        var result = shell.Run("Import-TrainingConfig \"$($args[0])/*.yaml\"", folder.Path);
        Assert.Single(result.Output);
        Assert.Single(result.Errors);
    }

    [Fact]
    public void An_unknown_key_names_the_nearest_right_one_and_its_place()
    {
        var path = folder.File("run.yaml", "optimization:\n  learning_rat: 1e-3\n");
        var error = shell.Error("Import-TrainingConfig $args[0]", path);
        Assert.StartsWith("ConfigKeyUnknown,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("line 2", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(path, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("learning_rate", error.ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(path, error.TargetObject);
    }

    [Theory]
    [InlineData("learning_rate: -1\n", "ConfigValueInvalid")]
    [InlineData("a: [\n", "ConfigFileInvalid")]
    public void A_bad_file_is_one_error(string yaml, string id)
    {
        var error = shell.Error("Import-TrainingConfig $args[0]", folder.File("run.yaml", yaml));
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_one_error()
    {
        var error = shell.Error("Import-TrainingConfig nowhere.yaml");
        Assert.StartsWith("ConfigFileNotFound,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, error.CategoryInfo.Category);
    }

    [Fact]
    public void A_path_outside_the_file_system_is_one_error()
    {
        var error = shell.Error("Import-TrainingConfig variable:HOME");
        Assert.StartsWith("PathNotFileSystem,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Schema_writes_a_JSON_schema_instead()
    {
        var path = Path.Combine(folder.Path, "schema.json");
        Assert.Single(shell.Output("Export-TrainingConfig $args[0] -Schema -PassThru", path));
        using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllText(path));
        Assert.True(document.RootElement.GetProperty("properties").TryGetProperty("learning_rate", out _));
        Assert.StartsWith("FileExists,", shell.Error("Export-TrainingConfig -LiteralPath $args[0] -Schema", path).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_tools_files_are_read_and_what_is_lost_is_a_warning()
    {
        var path = folder.File("axolotl.yml", "base_model: m\nmicro_batch_size: 2\nlearning_rate: 1e-4\ndeepspeed: z.json\nadapter: lora\n");
        var result = shell.Run("Import-TrainingConfig $args[0] -Set lora_r=4", path);
        Assert.Equal(4, Assert.Single(result.Output).Get("Method.LoraR"));
        Assert.Empty(result.Errors);
        Assert.Contains(result.Warnings, w => w.Contains("line 4: deepspeed (z.json) is not taken over", StringComparison.Ordinal));

        var detailed = shell.Output("Import-TrainingConfig $args[0] -Detailed -WarningAction SilentlyContinue", path)[0];
        Assert.Equal("Axolotl", detailed.Text("Format"));
        Assert.Equal(2, detailed.Get("Config.Batch.PerDeviceTrainBatchSize"));
        Assert.Equal("ConfigKeyUnknown", shell.Error("Import-TrainingConfig $args[0] -Format TrainTools", path).FullyQualifiedErrorId.Split(',')[0]);
    }
}
