using System.Text.Json.Nodes;
using TrainTools.Core.Adapters;
using TrainTools.Core.Errors;
using TrainTools.Core.Tests.Configuration;

namespace TrainTools.Core.Tests.Adapters;

public class AdapterConfigTests
{
    private static readonly string[] Linear =
    [
        .. Enumerable.Range(0, 12).SelectMany(i => new[]
        {
            $"model.layers.{i}.self_attn.q_proj", $"model.layers.{i}.self_attn.k_proj", $"model.layers.{i}.self_attn.v_proj",
            $"model.layers.{i}.self_attn.o_proj", $"model.layers.{i}.mlp.down_proj",
        }),
        "lm_head",
    ];

    private static readonly HashSet<string> Heads = ["lm_head"];

    [Fact]
    public void A_list_names_layers_by_suffix_on_a_dotted_border()
    {
        Assert.Equal(12, Select(new JsonArray("q_proj")).Count);
        Assert.Empty(Select(new JsonArray("proj")));
        Assert.Equal(["model.layers.3.self_attn.q_proj"], Select(new JsonArray("3.self_attn.q_proj")));
        Assert.Equal(["lm_head"], Select(new JsonArray("lm_head")));
    }

    [Fact]
    public void A_string_is_a_regular_expression_over_the_whole_name()
    {
        Assert.Equal(24, Select(@".*\.(q|v)_proj").Count);
        Assert.Empty(Select("q_proj"));
    }

    [Fact]
    public void All_linear_leaves_the_head_out()
    {
        Assert.Equal(60, Select("all-linear").Count);
        Assert.DoesNotContain("lm_head", Select("ALL-LINEAR"));
    }

    [Fact]
    public void Without_targets_the_architecture_decides() => Assert.Equal(24, Select(null).Count);

    [Fact]
    public void Layers_are_chosen_by_number() => Assert.Equal(
        ["model.layers.1.self_attn.q_proj", "model.layers.11.self_attn.q_proj"],
        Select(new JsonArray("q_proj"), c => c["layers_to_transform"] = new JsonArray(1, 11)));

    [Fact]
    public void Excluded_layers_get_none()
    {
        Assert.Equal(48, Select("all-linear", c => c["exclude_modules"] = new JsonArray("down_proj")).Count);
        Assert.Equal(55, Select("all-linear", c => c["exclude_modules"] = @"model\.layers\.0\..*").Count);
    }

    [Fact]
    public void Patterns_give_ranks_and_scales()
    {
        var config = Config(c =>
        {
            c["r"] = 8;
            c["lora_alpha"] = 16;
            c["rank_pattern"] = new JsonObject { ["q_proj"] = 2, [@"layers\.1\.self_attn\.v_proj"] = 4 };
            c["alpha_pattern"] = new JsonObject { ["v_proj"] = 32 };
        });
        Assert.Equal(2, config.RankOf("model.layers.0.self_attn.q_proj"));
        Assert.Equal(8, config.ScaleOf("model.layers.0.self_attn.q_proj"));
        Assert.Equal(4, config.RankOf("model.layers.1.self_attn.v_proj"));
        Assert.Equal(8, config.ScaleOf("model.layers.1.self_attn.v_proj"));
        Assert.Equal(2, config.ScaleOf("model.layers.1.self_attn.o_proj"));
        config.Json["use_rslora"] = true;
        Assert.Equal(16 / Math.Sqrt(8), config.ScaleOf("model.layers.1.self_attn.o_proj"), 12);
    }

    [Fact]
    public void A_classifier_is_saved_with_the_adapter() =>
        Assert.Equal(["classifier", "score"], Config(c => c["task_type"] = "SEQ_CLS").ModulesToSave);

    [Fact]
    public void A_new_config_reads_back_with_every_field_that_PEFT_writes()
    {
        using var folder = new TemporaryFolder();
        var config = AdapterConfigFile.Create(new AdapterSettings
        {
            Rank = 16, Alpha = 32, Dropout = 0.05, TargetModules = ["v_proj", "q_proj"], TaskType = "CAUSAL_LM", BaseModelNameOrPath = "models/llama",
        });
        config.Write(folder.Path);
        var text = File.ReadAllText(Path.Combine(folder.Path, AdapterConfigFile.FileName));
        Assert.StartsWith("{\n  \"alora_invocation_tokens\": null,\n  \"alpha_pattern\": {},\n", text, StringComparison.Ordinal);
        var back = AdapterConfigFile.Read(folder.Path);
        Assert.Equal((16, 32.0, 0.05), (back.R, back.LoraAlpha, back.LoraDropout));
        Assert.Equal(["q_proj", "v_proj"], back.Strings("target_modules"));
        Assert.Equal(40, back.Json.Count);
    }

    [Theory]
    [InlineData("""{"peft_type": "IA3"}""", ErrorIds.AdapterTypeUnsupported, "IA3")]
    [InlineData("""{"peft_type": "LORA", "r": 0}""", ErrorIds.AdapterConfigInvalid, "1 or more")]
    [InlineData("""{"peft_type": "LORA", "rank_pattern": {"q_proj": 0}}""", ErrorIds.AdapterConfigInvalid, "1 or more")]
    [InlineData("""{"peft_type": "LORA", "r": "eight"}""", ErrorIds.AdapterConfigInvalid, "whole number")]
    [InlineData("""{"peft_type": "LORA", "lora_dropout": 1}""", ErrorIds.AdapterConfigInvalid, "lora_dropout")]
    [InlineData("""{"peft_type": "LORA", "bias": "some"}""", ErrorIds.AdapterConfigInvalid, "bias")]
    [InlineData("""{"peft_type": "LORA", "layer_replication": [[0, 4]]}""", ErrorIds.AdapterTypeUnsupported, "layer_replication")]
    [InlineData("""{"peft_type": "LORA", """, ErrorIds.AdapterConfigInvalid, "adapter_config.json")]
    [InlineData("[]", ErrorIds.AdapterConfigInvalid, "adapter_config.json")]
    public void What_cannot_be_used_is_refused_by_name(string json, string id, string words)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, AdapterConfigFile.FileName), json);
        var error = Assert.Throws<TrainToolsException>(() => AdapterConfigFile.Read(folder.Path));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_files_rank_of_zero_is_not_blamed_on_a_setting()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(Path.Combine(folder.Path, AdapterConfigFile.FileName), """{"peft_type": "LORA", "r": 0}""");
        var error = Assert.Throws<TrainToolsException>(() => AdapterConfigFile.Read(folder.Path));
        Assert.Contains("save the adapter again", error.Remedy, StringComparison.Ordinal);
        Assert.Contains("lora_r", Assert.Throws<TrainToolsException>(() => AdapterConfigFile.Create(new AdapterSettings { Rank = 0 })).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_the_file_is_no_adapter()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(ErrorIds.AdapterConfigMissing, Assert.Throws<TrainToolsException>(() => AdapterConfigFile.Read(folder.Path)).ErrorId);
    }

    private static AdapterConfigFile Config(Action<JsonObject>? change = null)
    {
        var config = AdapterConfigFile.Create(new AdapterSettings());
        change?.Invoke(config.Json);
        return config;
    }

    private static IReadOnlyList<string> Select(JsonNode? targets, Action<JsonObject>? change = null) => Config(c =>
    {
        c["target_modules"] = targets;
        change?.Invoke(c);
    }).Targets.Select(Linear, ["model.embed_tokens"], Heads, "llama");
}
