using System.Text.Json;
using static TrainTools.Core.Configuration.Mappings;

namespace TrainTools.Core.Configuration;

/// <summary>Arguments of LLaMA-Factory: transformers' own with those of its data, model and fine-tuning groups.</summary>
internal static class LlamaFactoryArguments
{
    private const string Tool = "LLaMA-Factory";
    private const string Speed = "it says how to compute, not what";
    private const string OnlySft = "only supervised fine-tuning and continued pre-training are done here";
    private const string OtherMethod = "full fine-tuning, LoRA and QLoRA with AdamW are done here";

    private static readonly Dictionary<string, ArgumentMapping> Keys = new(TransformersArguments.Common, StringComparer.Ordinal)
    {
        ["model_name_or_path"] = Model,
        ["adapter_name_or_path"] = No("training starts from the base model"),
        ["stage"] = Stage,
        ["finetuning_type"] = Method,
        ["lora_rank"] = To("lora_r"),
        ["lora_alpha"] = To("lora_alpha"),
        ["lora_dropout"] = To("lora_dropout"),
        ["lora_target"] = Targets,
        ["additional_target"] = (r, v) => r.Set("modules_to_save", Split(v)),
        ["use_rslora"] = To("use_rslora"),
        ["use_dora"] = To("use_dora"),
        ["loraplus_lr_ratio"] = To("loraplus_lr_ratio"),
        ["loraplus_lr_embedding"] = To("loraplus_lr_embedding"),
        ["pissa_init"] = Pissa,
        ["pissa_iter"] = Elsewhere,
        ["pissa_convert"] = Ignore("an adapter with init_lora_weights pissa is always saved for the unchanged base"),
        ["create_new_adapter"] = Ignore("every run makes a new adapter"),
        ["quantization_bit"] = Elsewhere,
        ["quantization_method"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not ("bnb" or "bitsandbytes") })
            {
                r.Note(ImportOutcome.NotMapped, "NF4 as bitsandbytes stores it is used");
            }
        },
        ["quantization_type"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not "nf4" } && r.Text("quantization_bit") == "4")
            {
                r.Note(ImportOutcome.NotMapped, "nf4 is used");
            }
        },
        ["double_quantization"] = To("bnb_4bit_use_double_quant"),

        ["dataset"] = (r, v) => Datasets(r, v, "dataset_path"),
        ["eval_dataset"] = (r, v) => Datasets(r, v, "validation_path"),
        ["dataset_dir"] = Elsewhere,
        ["template"] = (r, _) => r.Note(ImportOutcome.Approximated, "the model's own chat template is used; chat_template_path replaces it"),
        ["cutoff_len"] = To("max_length"),
        ["max_samples"] = No("all records are trained on"),
        ["train_on_prompt"] = Elsewhere,
        ["mask_history"] = No("every assistant turn is learnt"),
        ["packing"] = To("packing"),
        ["neat_packing"] = WhenTrue("packing", true),
        ["val_size"] = (r, v) =>
        {
            if (ArgumentReader.Number(v) is > 0 and < 1 and var share)
            {
                r.Set("validation_split", share);
            }
            else if (ArgumentReader.IsOn(v))
            {
                r.Note(ImportOutcome.NotMapped, "validation_split takes a share, not a number of records");
            }
        },
        ["streaming"] = Ignore("data always streams"),
        ["buffer_size"] = Ignore("data always streams"),
        ["mix_strategy"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not "concat" })
            {
                r.Note(ImportOutcome.NotMapped, "files are read one after the other and shuffled together");
            }
        },
        ["interleave_probs"] = No("files are read one after the other and shuffled together"),
        ["overwrite_cache"] = Ignore("prepared data is kept with the run and found by its hash"),
        ["preprocessing_num_workers"] = Ignore(Speed),
        ["preprocessing_batch_size"] = Ignore(Speed),
        ["tokenized_path"] = Ignore("prepared data is kept with the run"),
        ["ignore_pad_token_for_loss"] = Elsewhere,
        ["eval_on_each_dataset"] = No("validation files are evaluated together"),
        ["default_system"] = No("system turns stand in the data"),
        ["tool_format"] = No("the model's chat template renders tools"),
        ["enable_thinking"] = Ignore("the chat template decides"),

        ["disable_gradient_checkpointing"] = (r, v) => r.Set("gradient_checkpointing", !ArgumentReader.IsTrue(v)),
        ["flash_attn"] = Ignore(Speed),
        ["enable_liger_kernel"] = Ignore(Speed),
        ["use_unsloth"] = Ignore(Speed),
        ["use_unsloth_gc"] = Ignore(Speed),
        ["use_reentrant_gc"] = Ignore(Speed),
        ["upcast_layernorm"] = Ignore("trained weights are kept in 32 bits"),
        ["upcast_lmhead_output"] = Ignore("the loss is computed in 32 bits"),
        ["low_cpu_mem_usage"] = Elsewhere,
        ["use_fast_tokenizer"] = Elsewhere,
        ["split_special_tokens"] = No("special tokens in a text are read as special tokens"),
        ["resize_vocab"] = No("the vocabulary stays as it is"),
        ["add_tokens"] = No("the vocabulary stays as it is"),
        ["add_special_tokens"] = No("the vocabulary stays as it is"),
        ["rope_scaling"] = No("the model's config.json says it"),
        ["shift_attn"] = No("attention is the model's own"),
        ["train_from_scratch"] = No("training starts from the base model's weights"),
        ["hf_hub_token"] = Ignore("nothing is downloaded here"),

        ["early_stopping_steps"] = To("early_stopping_patience"),
        ["disable_shuffling"] = (r, v) => r.Set("shuffle", !ArgumentReader.IsTrue(v)),
        ["pure_bf16"] = (r, v) =>
        {
            if (ArgumentReader.IsTrue(v))
            {
                r.Note(ImportOutcome.Approximated, "bf16 is computed in; trained weights are kept in 32 bits");
            }
        },
        ["plot_loss"] = Ignore("Export-TrainingReport draws the curves"),
        ["compute_accuracy"] = Ignore("token accuracy is always computed"),
        ["include_effective_tokens_per_second"] = Elsewhere,
        ["freeze_trainable_layers"] = No(OtherMethod),
        ["freeze_trainable_modules"] = No(OtherMethod),
        ["use_galore"] = No(OtherMethod),
        ["use_apollo"] = No(OtherMethod),
        ["use_badam"] = No(OtherMethod),
        ["use_adam_mini"] = No(OtherMethod),
        ["use_muon"] = No(OtherMethod),
        ["use_llama_pro"] = No(OtherMethod),
        ["use_dft_loss"] = No("cross-entropy is used"),
        ["use_asft_loss"] = No("cross-entropy is used"),
        ["use_eaft_loss"] = No("cross-entropy is used"),
        ["pref_beta"] = No(OnlySft),
        ["pref_loss"] = No(OnlySft),
        ["use_swanlab"] = Ignore("runs write metrics.jsonl, metrics.csv and TensorBoard events"),
    };

    /// <summary>Keys that no other tool has; two of them make a file LLaMA-Factory's.</summary>
    public static IReadOnlyList<string> Marks { get; } = ["stage", "template", "cutoff_len", "lora_rank", "lora_target", "dataset_dir", "overwrite_cache", "plot_loss", "quantization_bit", "val_size", "neat_packing", "train_on_prompt"];

    /// <summary>Reads a file.</summary>
    public static void Read(ArgumentReader reader, YamlMapping arguments)
    {
        reader.Read(arguments, key => Keys.GetValueOrDefault(key));
        if (!reader.IsSet("finetuning_type"))
        {
            reader.Default("finetuning_type", "finetuning_type", TrainingMethod.Lora, Tool);
        }

        Quantized(reader);

        if (reader.Config.Method.FinetuningType != TrainingMethod.Full)
        {
            reader.Default("lora_rank", "lora_r", 8, Tool);
            reader.Default("lora_alpha", "lora_alpha", 2.0 * reader.Config.Method.LoraR!.Value, Tool);
            reader.Default("lora_dropout", "lora_dropout", 0.0, Tool);
            reader.Default("lora_target", "target_modules", SettingList.Create(["all-linear"]), Tool);
        }

        if (reader.Text("stage") == "pt")
        {
            reader.Default("packing", "packing", true, Tool);
        }

        if (reader.IsTrue("packing") && !reader.IsTrue("neat_packing"))
        {
            reader.NoteOn("packing", ImportOutcome.Approximated, "there packed documents see each other; here they are kept apart (packing_strategy wrapped lets them)");
        }

        if (reader.Text("stage") != "pt" && !reader.IsTrue("train_on_prompt") && reader.Config.Data.DatasetFormat is DatasetFormat.Messages or DatasetFormat.ShareGpt)
        {
            reader.Set("assistant_only_loss", true);
        }

        reader.Default("cutoff_len", "max_length", 2048, Tool);
        reader.Default("disable_gradient_checkpointing", "gradient_checkpointing", true, Tool);
        TransformersArguments.Precision(reader);
        TransformersArguments.Defaults(reader, Tool, trl: false);
    }

    private static void Stage(ArgumentReader reader, YamlNode value)
    {
        switch ((value as YamlScalar)?.Text)
        {
            case "sft":
                break;
            case "pt":
                reader.Set("dataset_format", DatasetFormat.Text);
                break;
            default:
                reader.Note(ImportOutcome.NotMapped, OnlySft);
                break;
        }
    }

    private static void Method(ArgumentReader reader, YamlNode value)
    {
        switch ((value as YamlScalar)?.Text)
        {
            case "full":
                reader.Set("finetuning_type", TrainingMethod.Full);
                break;
            case "lora":
                reader.Set("finetuning_type", TrainingMethod.Lora);
                break;
            default:
                reader.Set("finetuning_type", TrainingMethod.Lora);
                reader.Note(ImportOutcome.NotMapped, OtherMethod + "; lora is taken");
                break;
        }
    }

    // LoRA on a base in 4 or 8 bits is called qlora here, full fine-tuning of one exists nowhere.
    private static void Quantized(ArgumentReader reader)
    {
        if (!reader.Has("quantization_bit"))
        {
            return;
        }

        if (reader.Config.Method.FinetuningType == TrainingMethod.Full)
        {
            reader.NoteOn("quantization_bit", ImportOutcome.NotMapped, OnlyAdapters);
        }
        else if (reader.Text("quantization_bit") is "4" or "8")
        {
            QuantizedBase(reader, "quantization_bit", eight: reader.Text("quantization_bit") == "8");
        }
        else
        {
            reader.NoteOn("quantization_bit", ImportOutcome.NotMapped, "a base has 4 or 8 bits here; it stays as it is");
        }
    }

    // Sixteen rounds of a fast decomposition unless pissa_iter says otherwise; -1 = the exact one.
    private static void Pissa(ArgumentReader reader, YamlNode value)
    {
        if (ArgumentReader.IsTrue(value))
        {
            var rounds = reader.Text("pissa_iter") ?? "16";
            InitialWeights(reader, new YamlScalar(value.Position, rounds == "-1" ? "pissa" : $"pissa_niter_{rounds}", false));
        }
    }

    private static void Targets(ArgumentReader reader, YamlNode value)
    {
        var names = Split(value);
        reader.Set("target_modules", names.Count == 1 && names[0] == "all" ? SettingList.Create(["all-linear"]) : names);
    }

    private static SettingList Split(YamlNode value) => value is YamlSequence list
        ? SettingList.From(list.Items.OfType<YamlScalar>().Select(i => i.Text))
        : SettingList.From(((value as YamlScalar)?.Text ?? string.Empty).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    // Data sets are named in dataset_info.json, in dataset_dir ("data").
    private static void Datasets(ArgumentReader reader, YamlNode value, string setting)
    {
        var folder = Local(reader, reader.Text("dataset_dir") ?? "data");
        var info = folder is null ? null : Path.Combine(folder, "dataset_info.json");
        var files = new List<string>();
        var formats = new HashSet<DatasetFormat>();
        try
        {
            using var document = info is not null && File.Exists(info) ? JsonDocument.Parse(File.ReadAllBytes(info)) : null;
            foreach (var name in Split(value))
            {
                if (document?.RootElement.TryGetProperty(name, out var entry) == true && entry.TryGetProperty("file_name", out var file) && file.GetString() is { } fileName && File.Exists(Path.Combine(folder!, fileName)))
                {
                    files.Add(Path.GetFullPath(Path.Combine(folder!, fileName)));
                    formats.Add(entry.TryGetProperty("formatting", out var formatting) && formatting.GetString() == "sharegpt" ? DatasetFormat.ShareGpt : DatasetFormat.Alpaca);
                    if (entry.TryGetProperty("columns", out _) || entry.TryGetProperty("tags", out _))
                    {
                        formats.Add(DatasetFormat.Auto);
                    }
                }
                else
                {
                    reader.Note(ImportOutcome.NotMapped, $"'{name}' is not described by a dataset_info.json here: set {setting} to its file");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            reader.Note(ImportOutcome.NotMapped, $"{info} could not be read: set {setting} to the files");
        }

        if (files.Count > 0)
        {
            reader.Set(setting, SettingList.From(files));
            if (formats.Count == 1 && !reader.IsSet("dataset_format"))
            {
                reader.Set("dataset_format", formats.Single());
            }
        }
    }
}
