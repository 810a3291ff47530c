using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>The rules that look at files, and the one on impossible values: outside and just inside. Named by rule.</summary>
public sealed class FileRuleTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void ValuePossible_names_each_value_out_of_bounds()
    {
        var config = new TrainingConfig { Optimization = new() { LearningRate = -1, WeightDecay = double.NaN }, Batch = new() { PerDeviceTrainBatchSize = 0 }, Data = new() { MaxLength = 2 } };
        var findings = Check("ValuePossible", config);
        Assert.Equal(["per_device_train_batch_size", "learning_rate", "weight_decay"], findings.Select(f => f.Setting).OrderByDescending(s => s == "per_device_train_batch_size"));
        Assert.All(findings, f => Assert.Equal(FindingSeverity.Error, f.Severity));
        Assert.Contains(findings, f => f.Why == "learning_rate must be a number above 0." && f.Value == "-1");
        Assert.Empty(Check("ValuePossible", ConfigChecker.Fix(config, findings).Config));
    }

    [Fact]
    public void ModelUsable_says_what_is_wrong_with_the_folder()
    {
        Assert.Equal("No model is named.", Single("ModelUsable", "{}").Why);
        Assert.Contains("no model folder", Single("ModelUsable", $"model_name_or_path: '{folder.Path}/absent'").Why, StringComparison.Ordinal);
        var model = MakeModel("m");
        Assert.Empty(Check("ModelUsable", ConfigYaml.Parse($"model_name_or_path: '{model}'")));
        File.WriteAllBytes(Path.Combine(model, "model.safetensors"), [1, 2, 3]);
        var cut = Single("ModelUsable", $"model_name_or_path: '{model}'");
        Assert.Equal(ErrorIds.SafetensorsTruncated, cut.ErrorId);
        File.Delete(Path.Combine(model, "model.safetensors"));
        Assert.Equal(ErrorIds.ModelWeightsMissing, Single("ModelUsable", $"model_name_or_path: '{model}'").ErrorId);
    }

    [Theory]
    [InlineData("\"t5\"", ErrorIds.ModelTypeUnsupported, "Supported: bert")]
    [InlineData("\"gemma3\"", ErrorIds.ModelTypeUnsupported, "'gemma3_text'")]
    [InlineData("\"llama\", \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4}", ErrorIds.ModelSettingUnsupported, "qlora")]
    public void ModelUsable_refuses_what_cannot_be_computed_before_a_trainer_starts(string type, string id, string remedy)
    {
        var model = MakeModel("m");
        var config = Path.Combine(model, "config.json");
        File.WriteAllText(config, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(config), "\"model_type\":\\s*\"[a-z0-9_]*\"", "\"model_type\": " + type));
        var finding = Single("ModelUsable", $"model_name_or_path: '{model}'");
        Assert.Equal((FindingSeverity.Error, id), (finding.Severity, finding.ErrorId));
        Assert.Contains(remedy, finding.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void DatasetExists_names_each_file()
    {
        Assert.Contains("No training file", Single("DatasetExists", "{}").Why, StringComparison.Ordinal);
        var data = folder.Write("a.jsonl", "{}\n");
        var empty = folder.Write("empty.jsonl", "");
        Assert.Empty(Check("DatasetExists", ConfigYaml.Parse($"dataset_path: '{data}'")));
        var findings = Check("DatasetExists", ConfigYaml.Parse($"{{dataset_path: ['{data}', '{empty}', '{folder.Path}'], validation_path: '{folder.Path}/b.jsonl'}}"));
        Assert.Equal([ErrorIds.DatasetEmpty, ErrorIds.DatasetNotFound, ErrorIds.DatasetNotFound], findings.Select(f => f.ErrorId));
        Assert.Equal(["dataset_path", "dataset_path", "validation_path"], findings.Select(f => f.Setting));
    }

    [Fact]
    public void DatasetNamedTwice_sees_through_the_spelling()
    {
        var finding = Single("DatasetNamedTwice", "dataset_path: [/d/a.jsonl, /d/b.jsonl, /d/x/../a.jsonl]");
        Assert.Contains("named 2 times", finding.Why, StringComparison.Ordinal);
        Assert.Equal(2, Assert.IsType<SettingList>(Assert.Single(finding.Changes).Value).Count);
        Assert.Empty(Check("DatasetNamedTwice", ConfigYaml.Parse("dataset_path: [/d/a.jsonl, /d/b.jsonl]")));
    }

    [Fact]
    public void TokenizerExists_looks_where_the_tokenizer_is()
    {
        var model = MakeModel("m");
        Assert.Contains("no tokenizer.json", Single("TokenizerExists", $"model_name_or_path: '{model}'").Why, StringComparison.Ordinal);
        folder.Write("m/tokenizer.json", "{}");
        Assert.Empty(Check("TokenizerExists", ConfigYaml.Parse($"model_name_or_path: '{model}'")));
        Assert.Equal("tokenizer_path", Single("TokenizerExists", $"{{model_name_or_path: '{model}', tokenizer_path: '{folder.Path}'}}").Setting);
        Assert.Equal("chat_template_path", Single("TokenizerExists", $"{{model_name_or_path: '{model}', chat_template_path: '{folder.Path}/t.jinja'}}").Setting);
    }

    [Fact]
    public void OutputFolder_must_be_free()
    {
        Assert.Empty(Check("OutputFolder", new TrainingConfig()));
        var file = folder.Write("out/x.txt", "x");
        Assert.Equal(FindingSeverity.Error, Single("OutputFolder", $"output_dir: '{file}'").Severity);
        Assert.Equal(FindingSeverity.Warning, Single("OutputFolder", $"output_dir: '{folder.Path}/out'").Severity);
        Assert.Empty(Check("OutputFolder", ConfigYaml.Parse($"output_dir: '{folder.Path}/new'")));
        Assert.Contains("its own base", Single("OutputFolder", $"{{output_dir: '{folder.Path}/m/run', model_name_or_path: '{folder.Path}/m'}}").Why, StringComparison.Ordinal);
        Assert.Empty(Check("OutputFolder", ConfigYaml.Parse($"{{output_dir: '{folder.Path}/m2', model_name_or_path: '{folder.Path}/m'}}")));
    }

    [Fact]
    public void Records_are_counted_by_lines()
    {
        var data = folder.Write("a.jsonl", "{}\n\n  \r\n{}\r\n{}");
        Assert.Equal(3, ConfigFacts.Gather(ConfigYaml.Parse($"dataset_path: '{data}'")).Data!.Records);
        Assert.Null(ConfigFacts.Gather(ConfigYaml.Parse($"dataset_path: ['{data}', '{folder.Write("b.parquet", "x")}']")).Data!.Records);
        Assert.Null(ConfigFacts.Gather(new TrainingConfig()).Data);
    }

    private string MakeModel(string name)
    {
        folder.Write($"{name}/config.json", """{"model_type":"llama","hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,"vocab_size":10}""");
        var path = Path.Combine(folder.Path, name);
        ModelFactsTests.WriteSafetensors(Path.Combine(path, "model.safetensors"), ("model.embed_tokens.weight", [10, 8]));
        return path;
    }

    private static ConfigFinding Single(string rule, string yaml) => Assert.Single(Check(rule, ConfigYaml.Parse(yaml)));

    private static IReadOnlyList<ConfigFinding> Check(string rule, TrainingConfig config) => ConfigChecker.Check(config, new() { Rules = [rule] });
}
