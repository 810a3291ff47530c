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
