using System.Management.Automation;

namespace TrainTools.PowerShell.Tests;

public sealed class NewTrainingConfigTests(Shell shell) : IClassFixture<Shell>
{
    [Fact]
    public void Parameters_become_settings()
    {
        var config = shell.Output("New-TrainingConfig -ModelPath m -DatasetPath a.jsonl, b.jsonl -OutputPath runs/x -Epochs 3 -LearningRate 1e-4 -Packing $false -UseDora -Label x, y")[0];

        Assert.Equal(3.0, config.Get("Duration.NumTrainEpochs"));
        Assert.Equal(1e-4, config.Get("Optimization.LearningRate"));
        Assert.Equal(false, config.Get("Data.Packing"));
        Assert.Equal(true, config.Get("Method.UseDora"));
        Assert.Equal("x, y", config.Get("Task.Labels")!.ToString());
    }

    [Fact]
    public void Everything_else_keeps_its_default()
    {
        var config = shell.Output("New-TrainingConfig")[0];

        Assert.Null(config.Get("Optimization.LearningRate"));
        Assert.Equal(0.01, config.Get("Optimization.WeightDecay"));
        Assert.Equal(42L, config.Get("Runtime.Seed"));
    }

    [Fact]
    public void Paths_are_taken_from_the_shells_location()
    {
        using var folder = new TemporaryFolder();
        folder.File("b.jsonl", "{}");
        folder.File("a.jsonl", "{}");

        // The process's current directory stays where it is; the runspace's moves.
        var location = shell.Runspace.SessionStateProxy.Path.CurrentFileSystemLocation.Path;
        shell.Runspace.SessionStateProxy.Path.SetLocation(folder.Path);
        try
        {
            var config = shell.Output("New-TrainingConfig -ModelPath ./m -DatasetPath *.jsonl -OutputPath out")[0];

            Assert.Equal(Path.Combine(folder.Path, "m"), config.Get("Model.ModelNameOrPath"));
            Assert.Equal(Path.Combine(folder.Path, "out"), config.Get("OutputDir"));
            Assert.Equal($"{Path.Combine(folder.Path, "a.jsonl")}, {Path.Combine(folder.Path, "b.jsonl")}", config.Get("Data.DatasetPath")!.ToString());
        }
        finally
        {
            shell.Runspace.SessionStateProxy.Path.SetLocation(location);
        }
    }

    [Theory]
    [InlineData("cosine_with_min_lr", "CosineWithMinLr")]
    [InlineData("CosineWithMinLr", "CosineWithMinLr")]
    [InlineData("linear", "Linear")]
    public void Choices_take_the_spelling_of_files_and_of_dotnet(string given, string expected)
    {
        var config = shell.Output("New-TrainingConfig -LrSchedulerType $args[0]", given)[0];
        Assert.Equal(expected, config.Text("Schedule.LrSchedulerType"));
    }

    [Fact]
    public void Names_of_configuration_files_are_aliases_so_that_a_hashtable_of_them_splats()
    {
        var config = shell.Output("$s = @{ learning_rate = 0.002; num_train_epochs = 2; lr_scheduler_type = 'linear'; task_type = 'causal-lm' }; New-TrainingConfig @s")[0];

        Assert.Equal(0.002, config.Get("Optimization.LearningRate"));
        Assert.Equal(2.0, config.Get("Duration.NumTrainEpochs"));
        Assert.Equal("Linear", config.Text("Schedule.LrSchedulerType"));
    }

    [Fact]
    public void A_config_from_the_pipeline_is_the_start_and_stays_as_it_was()
    {
        var configs = shell.Output("$a = New-TrainingConfig -Epochs 5 -Seed 7; $b = $a | New-TrainingConfig -LearningRate 1e-3; $a; $b");

        Assert.Null(configs[0].Get("Optimization.LearningRate"));
        Assert.Equal(1e-3, configs[1].Get("Optimization.LearningRate"));
        Assert.Equal(7L, configs[1].Get("Runtime.Seed"));
    }

    [Theory]
    [InlineData("-LearningRate -1", "learning_rate")]
    [InlineData("-LearningRate 0", "learning_rate")]
    [InlineData("-Epochs -3", "num_train_epochs")]
    [InlineData("-BatchSize 0", "per_device_train_batch_size")]
    [InlineData("-Optim sgdd", "optim")]
    [InlineData("-WarmupRatio 1.5", "warmup_ratio")]
    public void A_value_that_cannot_be_is_one_error_with_a_stable_id(string parameter, string setting)
    {
        var error = shell.Error("New-TrainingConfig " + parameter);

        Assert.StartsWith("ConfigValueInvalid,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.Contains(setting, error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void Verbose_says_what_is_derived_and_from_what()
    {
        var result = shell.Run("New-TrainingConfig -Verbose");
        Assert.Contains(result.Verbose, line => line.StartsWith("learning_rate = ", StringComparison.Ordinal));
        Assert.Empty(shell.Run("New-TrainingConfig").Verbose);
    }

    [Fact]
    public void Every_setting_has_a_parameter()
    {
        // The names come from the file format, the parameters from the cmdlet.
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "all.yaml");
        var yaml = shell.Output("New-TrainingConfig -OutputPath o | Export-TrainingConfig $args[0] -Resolve -PassThru", path);
        Assert.Single(yaml);
        var names = File.ReadLines(path)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] is not ('#' or '-') && line.Contains(": ", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])
            .ToList();
        var parameters = ((CommandInfo)shell.Output("Get-Command New-TrainingConfig")[0].BaseObject).Parameters.Values;
        var known = parameters.SelectMany(p => p.Aliases.Append(p.Name)).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.True(names.Count > 40, $"only {names.Count} settings were written");
        Assert.DoesNotContain(names, n => !known.Contains(n));
    }

    [Fact]
    public void Presets_are_laid_over_each_other_and_parameters_win()
    {
        var config = shell.Output("New-TrainingConfig -Preset sft-lora, small-data -Epochs 4")[0];
        Assert.Equal("Lora", config.Text("Method.FinetuningType"));
        Assert.Equal(2, config.Get("Evaluation.EarlyStoppingPatience"));
        Assert.Equal(4.0, config.Get("Duration.NumTrainEpochs"));
        Assert.StartsWith("ConfigPresetUnknown,", shell.Error("New-TrainingConfig -Preset sft-loar").FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Presets_complete()
    {
        var matches = shell.Output("(TabExpansion2 'New-TrainingConfig -Preset sft-').CompletionMatches");
        Assert.Equal(["sft-full", "sft-lora", "sft-qlora"], matches.Select(m => m.Text("CompletionText")));
    }

    [Fact]
    public void Fix_gives_a_configuration_with_the_remedies_applied()
    {
        var result = shell.Run("New-TrainingConfig -WeightDecay 0 -Seed 7 | Test-TrainingConfig -Fix -Rule WeightDecayZero, ModelUsable");
        Assert.Equal(0.01, Assert.Single(result.Output).Get("Optimization.WeightDecay"));
        Assert.Equal(7L, result.Output[0].Get("Runtime.Seed"));
        Assert.Contains(result.Warnings, w => w.Contains("ModelUsable", StringComparison.Ordinal));
    }

    [Fact]
    public void Forecast_says_what_the_run_will_need()
    {
        var model = Path.Combine(Path.GetDirectoryName(Shell.Manifest)!, "..", "..", "examples", "stories260k");
        var data = Path.Combine(Path.GetDirectoryName(Shell.Manifest)!, "..", "..", "examples", "data", "assistant.jsonl");
        var forecast = shell.Output("New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -Epochs 2 | Test-TrainingConfig -Forecast", model, data)[0];
        Assert.True((long)forecast.Get("TrainableParameters")! > 200_000);
        Assert.True((int)forecast.Get("Steps")! > 0);
        Assert.True((long)forecast.Get("Memory.PeakBytes")! > 0);
        Assert.StartsWith("AmbiguousParameterSet,", shell.Error("New-TrainingConfig | Test-TrainingConfig -Forecast -Quiet").FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}
