using System.Management.Automation;

namespace TrainTools.PowerShell.Tests.Trainer;

[Collection(TrainerCollection.Name)]
public sealed class ExportFineTunedModelTests(CompletedRun done) : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_adapter_run_is_merged_and_answers_as_the_adapter_does()
    {
        var result = done.Shell.Run(
            """
            $run = New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath "$($args[2])/run" -MaxSteps 4 -BatchSize 4 -NumThreads 1 -Method Lora -LoraR 4 -LearningRate 1e-2 |
                Start-FineTune -WarningAction SilentlyContinue
            $export = $run | Export-FineTunedModel -OutputPath "$($args[2])/out" -Merge -MaxShardSize 500KB
            $export
            Export-FineTunedModel "$($args[2])/run/adapter" "$($args[2])/never" -WhatIf
            ($run.ModelPath, $export.Path | ForEach-Object { Invoke-FineTunedModel $_ 'Once upon a time' -MaxNewTokens 6 }).Text
            (Invoke-FineTunedModel $run.ModelPath 'Once upon a time' -MaxNewTokens 6 -BaseModelPath $args[0]).Text
            """, Example.Model, done.Data, folder.Path);
        Assert.Empty(result.Errors.Select(e => e.ToString()));
        var export = result.Output[0];
        Assert.Equal("model", export.Get("Kind"));
        Assert.True((double)export.Get("LogitDifference")! < 1e-4);
        Assert.True(((IReadOnlyList<string>)export.Get("WeightFiles")!).Count > 1);
        Assert.Equal(result.Output[1].BaseObject, result.Output[2].BaseObject);
        Assert.Equal(result.Output[1].BaseObject, result.Output[3].BaseObject);
        Assert.False(Directory.Exists(Path.Combine(folder.Path, "never")));
        var card = File.ReadAllText(Path.Combine(folder.Path, "out", "README.md"));
        Assert.Contains("| lora_r | 4 |", card, StringComparison.Ordinal);
        Assert.Contains("| final_loss |", card, StringComparison.Ordinal);
        Assert.Matches(@"\| records?.*\.jsonl \| [0-9a-f]{64} \|", card.Replace(Path.GetFileName(done.Data), "records.jsonl", StringComparison.Ordinal));
        Assert.DoesNotContain(folder.Path, card, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-Weight 0.5, 0.5", "weights for 1 adapters")]
    [InlineData("-Weight ([double]::NaN)", "not a finite number")]
    [InlineData("-MaxShardSize 3XB", "no size of a file")]
    [InlineData("-MaxShardSize 0", "no size of a file")]
    public void What_makes_no_sense_is_refused_before_anything_starts(string parameters, string message)
    {
        var error = done.Shell.Error($"Export-FineTunedModel $args[0] \"$($args[1])/out\" {parameters}", done.Path, folder.Path);
        AssertError(error, "ExportRequestInvalid", ErrorCategory.InvalidArgument, message);
    }

    [Fact]
    public void A_whole_model_has_no_adapter_to_merge()
    {
        var error = done.Shell.Error("Export-FineTunedModel $args[0] \"$($args[1])/out\" -Merge", done.Path, folder.Path);
        AssertError(error, "ExportRequestInvalid", ErrorCategory.InvalidArgument, "whole model");
    }

    [Theory]
    [InlineData("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "AdapterTypeUnsupported", "'IA3'")]
    [InlineData("\"r\": 4", "\"r\": 0", "AdapterConfigInvalid", "must be 1 or more")]
    [InlineData("\"r\": 4", "\"r\": 5", "AdapterBaseMismatch", "but the base asks for [5, ")]
    [InlineData("q_proj", "query", "AdapterBaseMismatch", "query")]
    [InlineData(null, null, "SafetensorsTruncated", "adapter_model.safetensors")]
    public void A_damaged_adapter_is_one_error_that_says_what(string? old, string? changed, string id, string message)
    {
        var adapter = Path.Combine(folder.Path, "adapter");
        Adapter(adapter);
        var config = Path.Combine(adapter, "adapter_config.json");
        var weights = Path.Combine(adapter, "adapter_model.safetensors");
        if (old is not null)
        {
            File.WriteAllText(config, File.ReadAllText(config).Replace(old, changed, StringComparison.Ordinal));
        }
        else
        {
            File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..200]);
        }

        var error = done.Shell.Error("Invoke-FineTunedModel $args[0] 'Hi' -BaseModelPath $args[1]", adapter, Example.Model);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Target_modules_that_match_nothing_list_the_names_there_are()
    {
        var error = done.Shell.Error(
            "New-TrainingConfig -ModelPath $args[0] -DatasetPath $args[1] -OutputPath \"$($args[2])/run\" -MaxSteps 4 -NumThreads 1 -Method Lora -TargetModule query_key_value | Start-FineTune",
            Example.Model, done.Data, folder.Path);
        Assert.Contains("query_key_value", error.ToString(), StringComparison.Ordinal);
        Assert.Contains("q_proj", error.ErrorDetails.RecommendedAction + error, StringComparison.Ordinal);
    }

    private static void AssertError(ErrorRecord error, string id, ErrorCategory category, string message)
    {
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(category, error.CategoryInfo.Category);
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    /// <summary>A small adapter of the example model, as a file of zeros: q_proj of five layers, rank 4.</summary>
    private static void Adapter(string path)
    {
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "adapter_config.json"), """
            { "base_model_name_or_path": "elsewhere", "lora_alpha": 8, "peft_type": "LORA", "r": 4, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM" }
            """);
        var header = new System.Text.StringBuilder("{");
        var offset = 0;
        for (var i = 0; i < 5; i++)
        {
            foreach (var (name, shape) in new[] { ("lora_A", "[4,64]"), ("lora_B", "[64,4]") })
            {
                header.Append(System.Globalization.CultureInfo.InvariantCulture, $"{(offset > 0 ? "," : string.Empty)}\"base_model.model.model.layers.{i}.self_attn.q_proj.{name}.weight\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[{offset},{offset + 1024}]}}");
                offset += 1024;
            }
        }

        var text = System.Text.Encoding.UTF8.GetBytes(header.Append('}').ToString());
        using var file = File.Create(Path.Combine(path, "adapter_model.safetensors"));
        file.Write(BitConverter.GetBytes((ulong)text.Length));
        file.Write(text);
        file.Write(new byte[offset]);
    }
}
