using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Configuration;

/// <summary>
/// Twelve files written after the documented options of TRL, transformers, Axolotl and LLaMA-Factory. What they become
/// was read line by line once and is kept beside them: settings first, then every argument without an exact counterpart.
/// </summary>
public class ConfigImporterTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(TestData.Path("PeerConfigs")).Select(f => Path.GetFileName(f)!).Where(f => !f.EndsWith(".expected.txt", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Fact]
    public void There_are_twelve_files() => Assert.Equal(12, Files.Count);

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_of_another_tool_becomes_what_was_approved(string file)
    {
        var imported = ConfigImporter.Read(TestData.Path("PeerConfigs", file));
        var folder = TestData.Path("PeerConfigs") + Path.DirectorySeparatorChar;
        var text = (ConfigYaml.Write(imported.Config, new() { OmitDefaults = true }) + "\n" + string.Concat(imported.Notes.Select(n => $"{n.Outcome} line {n.Line}: {n.Key} = {n.Value}: {n.Reason}\n")))
            .Replace(folder, "{dir}/", StringComparison.Ordinal).Replace('\\', '/');
        var expected = TestData.Path("PeerConfigs", Path.ChangeExtension(file, ".expected.txt"));
        Assert.Equal(File.Exists(expected) ? File.ReadAllText(expected) : string.Empty, text);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_argument_is_mapped_or_listed(string file)
    {
        // Arguments that are on and that the tool reads: each changes the config when it is taken away, or has a note.
        var path = TestData.Path("PeerConfigs", file);
        var lines = File.ReadAllLines(path);
        var whole = ConfigImporter.Read(path);
        foreach (var (line, index) in lines.Select((l, i) => (l, i)))
        {
            if (path.EndsWith(".json", StringComparison.Ordinal) || line.Length == 0 || !char.IsLetter(line[0]) || !line.Contains(": ", StringComparison.Ordinal))
            {
                continue;
            }

            var key = line[..line.IndexOf(':', StringComparison.Ordinal)];
            var without = ConfigImporter.Parse(string.Join('\n', lines.Where((_, i) => i != index)), path, whole.Format);
            var off = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() is "false" or "0" or "none" or "\"no\"" or "-1" or "null" or "0.0";
            Assert.True(
                off || without.Config != whole.Config || whole.Notes.Any(n => n.Key == key || n.Key.StartsWith(key + ".", StringComparison.Ordinal)) || without.Notes.Count != whole.Notes.Count || Harmless.Contains($"{file}:{key}") || Harmless.Contains(key),
                $"{file}: {key} changes nothing and is not listed");
        }
    }

    // Arguments whose value is the default here, or what is done in any case.
    private static readonly HashSet<string> Harmless = ["do_train", "bf16", "train_on_inputs", "stage", "loss_type", "bnb_4bit_quant_type", "quantization_method", "trl-sft-full.yaml:metric_for_best_model", "axolotl-qlora-chat.yaml:load_in_4bit", "axolotl-full-completion.yaml:optimizer", "axolotl-full-completion.yaml:logging_steps", "axolotl-qlora-chat.yaml:saves_per_epoch", "llamafactory-lora-sft.yaml:dataset_dir"];

    [Theory]
    [InlineData("trl-sft-lora.yaml", ArgumentFormat.Transformers, "finetuning_type", "lora")]
    [InlineData("trl-sft-lora.yaml", ArgumentFormat.Transformers, "min_lr_rate", "0.1")]
    [InlineData("trl-sft-lora.yaml", ArgumentFormat.Transformers, "weight_decay", "0")]
    [InlineData("trl-qlora.yaml", ArgumentFormat.Transformers, "finetuning_type", "qlora")]
    [InlineData("trl-qlora.yaml", ArgumentFormat.Transformers, "precision", "fp16")]
    [InlineData("trl-qlora.yaml", ArgumentFormat.Transformers, "max_steps", "1875")]
    [InlineData("transformers-training-args.json", ArgumentFormat.Transformers, "warmup_ratio", "0.06")]
    [InlineData("transformers-training-args.json", ArgumentFormat.Transformers, "max_steps", "null")]
    [InlineData("transformers-training-args.json", ArgumentFormat.Transformers, "metric_for_best_model", "eval_accuracy")]
    [InlineData("transformers-run-ner.json", ArgumentFormat.Transformers, "task_type", "token-classification")]
    [InlineData("axolotl-qlora-chat.yaml", ArgumentFormat.Axolotl, "assistant_only_loss", "true")]
    [InlineData("axolotl-qlora-chat.yaml", ArgumentFormat.Axolotl, "dataset_format", "share_gpt")]
    [InlineData("axolotl-qlora-chat.yaml", ArgumentFormat.Axolotl, "eval_steps", "0.0625")]
    [InlineData("axolotl-full-completion.yaml", ArgumentFormat.Axolotl, "lr_scheduler_type", "cosine_with_min_lr")]
    [InlineData("axolotl-lora-alpaca.yaml", ArgumentFormat.Axolotl, "target_modules", "q_proj, v_proj")]
    [InlineData("llamafactory-lora-sft.yaml", ArgumentFormat.LlamaFactory, "lora_alpha", "16")]
    [InlineData("llamafactory-lora-sft.yaml", ArgumentFormat.LlamaFactory, "target_modules", "all-linear")]
    [InlineData("llamafactory-full-sft.yaml", ArgumentFormat.LlamaFactory, "early_stopping_patience", "3")]
    [InlineData("llamafactory-qlora.yaml", ArgumentFormat.LlamaFactory, "finetuning_type", "qlora")]
    [InlineData("llamafactory-qlora.yaml", ArgumentFormat.LlamaFactory, "modules_to_save", "embed_tokens, lm_head")]
    [InlineData("llamafactory-pretrain.yaml", ArgumentFormat.LlamaFactory, "dataset_format", "text")]
    public void Formats_are_told_apart_and_settings_are_what_they_were(string file, ArgumentFormat format, string setting, string value)
    {
        var imported = ConfigImporter.Read(TestData.Path("PeerConfigs", file));
        Assert.Equal(format, imported.Format);
        var info = ConfigSchema.Get(setting);
        Assert.Equal(value, info.Format(info.Get(imported.Config)));
    }

    // Each with the smallest file that the tool takes for adapters.
    [Theory]
    [InlineData("peft_init_lora_weights: pissa", "init_lora_weights", "pissa")]
    [InlineData("peft_init_lora_weights: pissa_niter_4", "init_lora_weights", "pissa_niter_4")]
    [InlineData("peft_init_lora_weights: olora", "init_lora_weights", "olora")]
    [InlineData("peft_init_lora_weights: false", "init_lora_weights", "false")]
    [InlineData("loraplus_lr_ratio: 16", "loraplus_lr_ratio", "16")]
    [InlineData("loraplus_lr_embedding: 1.0e-5", "loraplus_lr_embedding", "1.0e-05")]
    [InlineData("peft_layers_to_transform: [0, 3]", "layers_to_transform", "0, 3")]
    [InlineData("lora_modules_to_save: [lm_head]", "modules_to_save", "lm_head")]
    [InlineData("peft_use_dora: true", "use_dora", "true")]
    [InlineData("peft_use_rslora: true", "use_rslora", "true")]
    [InlineData("load_in_8bit: true", "quantization_bit", "8")]
    [InlineData("load_in_8bit: true", "finetuning_type", "qlora")]
    [InlineData("load_in_4bit: true", "quantization_bit", "4")]
    public void Axolotls_adapters_are_ours(string line, string setting, string value) =>
        AssertSetting("base_model: x\nadapter: lora\nmicro_batch_size: 1\nsequence_len: 64\n" + line, ArgumentFormat.Axolotl, setting, value);

    [Theory]
    [InlineData("pissa_init: true", "init_lora_weights", "pissa_niter_16")]
    [InlineData("pissa_init: true\npissa_iter: -1", "init_lora_weights", "pissa")]
    [InlineData("pissa_init: true\npissa_iter: 4\npissa_convert: true", "init_lora_weights", "pissa_niter_4")]
    [InlineData("loraplus_lr_ratio: 16.0", "loraplus_lr_ratio", "16")]
    [InlineData("loraplus_lr_embedding: 1.0e-5", "loraplus_lr_embedding", "1.0e-05")]
    [InlineData("additional_target: lm_head,embed_tokens", "modules_to_save", "lm_head, embed_tokens")]
    [InlineData("use_dora: true", "use_dora", "true")]
    [InlineData("use_rslora: true", "use_rslora", "true")]
    [InlineData("quantization_bit: 8", "quantization_bit", "8")]
    [InlineData("quantization_bit: 8", "finetuning_type", "qlora")]
    [InlineData("quantization_bit: 3", "finetuning_type", "lora")]
    public void Llama_factorys_adapters_are_ours(string lines, string setting, string value) =>
        AssertSetting("model_name_or_path: x\nstage: sft\nfinetuning_type: lora\ncutoff_len: 64\n" + lines, ArgumentFormat.LlamaFactory, setting, value);

    [Theory]
    [InlineData("init_lora_weights: olora", "init_lora_weights", "olora")]
    [InlineData("rank_pattern: {q_proj: 32}", "rank_pattern", "q_proj=32")]
    [InlineData("alpha_pattern: {q_proj: 64}", "alpha_pattern", "q_proj=64")]
    [InlineData("exclude_modules: [up_proj]", "exclude_modules", "up_proj")]
    [InlineData("lora_modules_to_save: [lm_head]", "modules_to_save", "lm_head")]
    [InlineData("use_dora: true", "use_dora", "true")]
    [InlineData("use_rslora: true", "use_rslora", "true")]
    [InlineData("loraplus_lr_ratio: 8", "loraplus_lr_ratio", "8")]
    [InlineData("load_in_8bit: true", "quantization_bit", "8")]
    [InlineData("load_in_8bit: true", "finetuning_type", "qlora")]
    public void Trls_and_Pefts_adapters_are_ours(string line, string setting, string value) =>
        AssertSetting("model_name_or_path: x\nuse_peft: true\n" + line, ArgumentFormat.Transformers, setting, value);

    [Theory]
    [InlineData("base_model: x\nadapter: lora\nmicro_batch_size: 1\npeft_init_lora_weights: corda", "peft_init_lora_weights", ImportOutcome.NotMapped)]
    [InlineData("base_model: x\nadapter: lora\nmicro_batch_size: 1\nload_in_8bit: true", "load_in_8bit", ImportOutcome.Approximated)]
    [InlineData("model_name_or_path: x\nstage: sft\ncutoff_len: 64\nquantization_bit: 3", "quantization_bit", ImportOutcome.NotMapped)]
    [InlineData("model_name_or_path: x\nstage: sft\ncutoff_len: 64\nfinetuning_type: full\nquantization_bit: 8", "quantization_bit", ImportOutcome.NotMapped)]
    [InlineData("model_name_or_path: x\nload_in_8bit: true\npadding_free: true", "load_in_8bit", ImportOutcome.NotMapped)]
    [InlineData("model_name_or_path: x\npadding_free: true\nrank_pattern: {q_proj: 32}", "rank_pattern", ImportOutcome.Ignored)]
    public void What_adapters_cannot_have_here_is_listed(string text, string argument, ImportOutcome outcome) =>
        Assert.Contains(ConfigImporter.Parse(text).Notes, n => n.Key == argument && n.Outcome == outcome);

    private static void AssertSetting(string text, ArgumentFormat format, string setting, string value)
    {
        var imported = ConfigImporter.Parse(text);
        Assert.Equal(format, imported.Format);
        var info = ConfigSchema.Get(setting);
        Assert.Equal(value, info.Format(info.Get(imported.Config)));
    }

    [Fact]
    public void Our_own_files_are_ours_typing_errors_included()
    {
        Assert.Equal(ArgumentFormat.TrainTools, ConfigImporter.Parse("learning_rate: 1e-4\nmodel_name_or_path: x").Format);
        Assert.Equal(ArgumentFormat.TrainTools, ConfigImporter.Parse(ConfigYaml.Write(new TrainingConfig())).Format);
        Assert.Equal(ErrorIds.ConfigKeyUnknown, Assert.Throws<TrainToolsException>(() => ConfigImporter.Parse("learnig_rate: 1e-4\nmodel_name_or_path: x")).ErrorId);
        Assert.Equal(ErrorIds.ConfigKeyUnknown, Assert.Throws<TrainToolsException>(() => ConfigImporter.Parse("use_peft: true", null, ArgumentFormat.TrainTools)).ErrorId);
    }

    [Fact]
    public void A_wrong_value_names_the_argument_and_its_place()
    {
        var error = Assert.Throws<TrainToolsException>(() => ConfigImporter.Parse("base_model: x\nmicro_batch_size: many", "a.yaml"));
        Assert.Equal(ErrorIds.ConfigValueInvalid, error.ErrorId);
        Assert.Contains("a.yaml, line 2, column 19: micro_batch_size:", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorIds.ConfigValueInvalid, Assert.Throws<TrainToolsException>(() => ConfigImporter.Parse("base_model: x\nmicro_batch_size: 1\nmetric_for_best_model: [a]")).ErrorId);
        Assert.Equal(ErrorIds.ConfigFileInvalid, Assert.Throws<TrainToolsException>(() => ConfigImporter.Parse("- a", null, ArgumentFormat.Axolotl)).ErrorId);
    }
}
