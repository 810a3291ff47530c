using static TrainTools.Core.Configuration.Mappings;

namespace TrainTools.Core.Configuration;

/// <summary>Axolotl's YAML.</summary>
internal static class AxolotlArguments
{
    private const string Tool = "Axolotl";
    private const string Speed = "it says how to compute, not what";
    private const string OneDevice = "a run uses one device";
    private const string Tracker = "runs write metrics.jsonl, metrics.csv and TensorBoard events";
    private const string Hub = "nothing is uploaded or downloaded here";
    private const string OnlySft = "only supervised fine-tuning and continued pre-training are done here";
    private const string Vocabulary = "the tokenizer and the vocabulary stay as they are";

    private static readonly Dictionary<string, ArgumentMapping> Keys = new(StringComparer.Ordinal)
    {
        ["base_model"] = Model,
        ["base_model_config"] = Ignore("config.json lies in the model folder"),
        ["tokenizer_config"] = (r, v) => TransformersArguments.TokenizerPath(r, v),
        ["model_type"] = Ignore("config.json names the model's type"),
        ["tokenizer_type"] = Ignore("tokenizer.json says it"),
        ["tokenizer_use_fast"] = Elsewhere,
        ["tokenizer_legacy"] = Elsewhere,
        ["trust_remote_code"] = Ignore("no code from a model folder is ever run"),
        ["is_llama_derived_model"] = Elsewhere,
        ["is_mistral_derived_model"] = Elsewhere,
        ["is_qwen_derived_model"] = Elsewhere,
        ["is_falcon_derived_model"] = Elsewhere,
        ["strict"] = Elsewhere,
        ["special_tokens"] = No(Vocabulary),
        ["tokens"] = No(Vocabulary),
        ["added_tokens_overrides"] = No(Vocabulary),
        ["resize_token_embeddings_to_32x"] = No(Vocabulary),
        ["eot_tokens"] = No("the chat template decides where a turn ends"),
        ["chat_template"] = Template,
        ["chat_template_jinja"] = TemplateText,
        ["default_system_message"] = No("system turns stand in the data"),

        ["adapter"] = Adapter,
        ["load_in_4bit"] = Elsewhere,
        ["load_in_8bit"] = Elsewhere,
        ["lora_model_dir"] = No("training starts from the base model"),
        ["lora_r"] = To("lora_r"),
        ["lora_alpha"] = To("lora_alpha"),
        ["lora_dropout"] = To("lora_dropout"),
        ["lora_target_modules"] = To("target_modules"),
        ["lora_target_linear"] = (r, v) =>
        {
            if (ArgumentReader.IsTrue(v) && !r.Has("lora_target_modules"))
            {
                r.Set("target_modules", SettingList.Create(["all-linear"]));
            }
        },
        ["lora_modules_to_save"] = To("modules_to_save"),
        ["lora_fan_in_fan_out"] = Elsewhere,
        ["peft_use_dora"] = To("use_dora"),
        ["peft_use_rslora"] = To("use_rslora"),
        ["peft_layers_to_transform"] = To("layers_to_transform"),
        ["peft_init_lora_weights"] = InitialWeights,
        ["lora_rank_pattern"] = To("rank_pattern"),
        ["lora_alpha_pattern"] = To("alpha_pattern"),
        ["loraplus_lr_ratio"] = To("loraplus_lr_ratio"),
        ["loraplus_lr_embedding"] = To("loraplus_lr_embedding"),
        ["relora"] = No("adapters are merged once, at the end"),
        ["lora_mlp_kernel"] = Ignore(Speed),
        ["lora_qkv_kernel"] = Ignore(Speed),
        ["lora_o_kernel"] = Ignore(Speed),
        ["unfrozen_parameters"] = No("full fine-tuning trains every parameter"),

        ["datasets"] = (r, v) => Datasets(r, v, "dataset_path"),
        ["test_datasets"] = (r, v) => Datasets(r, v, "validation_path"),
        ["pretraining_dataset"] = (r, v) =>
        {
            r.Set("dataset_format", DatasetFormat.Text);
            Datasets(r, v, "dataset_path");
        },
        ["val_set_size"] = (r, v) =>
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
        ["dataset_prepared_path"] = Ignore("prepared data is kept with the run"),
        ["dataset_processes"] = Ignore(Speed),
        ["dataset_num_proc"] = Ignore(Speed),
        ["dataset_exact_deduplication"] = No("Invoke-DatasetClean removes duplicates"),
        ["shuffle_merged_datasets"] = (r, v) => r.Set("shuffle", ArgumentReader.IsTrue(v)),
        ["curriculum_sampling"] = (r, v) =>
        {
            if (ArgumentReader.IsTrue(v))
            {
                r.Set("shuffle", false);
                r.Note(ImportOutcome.Approximated, "records are taken in the order of the file; curriculum orders them by itself");
            }
        },
        ["train_on_inputs"] = Elsewhere,
        ["group_by_length"] = No("records are shuffled, or packed"),
        ["sequence_len"] = To("max_length"),
        ["excess_length_strategy"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not "truncate" })
            {
                r.Note(ImportOutcome.NotMapped, "long records are truncated; Invoke-DatasetClean -Check Length drops them");
            }
        },
        ["min_sample_len"] = No("Invoke-DatasetClean drops short records"),
        ["sample_packing"] = To("packing"),
        ["eval_sample_packing"] = (r, v) =>
        {
            if (ArgumentReader.IsTrue(v) != r.IsTrue("sample_packing"))
            {
                r.Note(ImportOutcome.Ignored, "validation data is packed as the training data is; documents are kept apart, so the loss is the same");
            }
        },
        ["sample_packing_group_size"] = Ignore(Speed),
        ["sample_packing_bin_size"] = Ignore(Speed),
        ["pad_to_sequence_len"] = Ignore("batches are padded to their longest row, which computes the same"),
        ["batch_flattening"] = Ignore(Speed),

        ["micro_batch_size"] = To("per_device_train_batch_size"),
        ["eval_batch_size"] = To("per_device_eval_batch_size"),
        ["gradient_accumulation_steps"] = To("gradient_accumulation_steps"),
        ["auto_find_batch_size"] = To("auto_find_batch_size"),
        ["num_epochs"] = To("num_train_epochs"),
        ["max_steps"] = PositiveTo("max_steps"),
        ["optimizer"] = Optimizer,
        ["optim_args"] = No("the optimizer takes adam_beta1, adam_beta2 and adam_epsilon"),
        ["learning_rate"] = To("learning_rate"),
        ["embedding_lr"] = No("one learning rate for all parameters"),
        ["lr_groups"] = No("one learning rate for all parameters"),
        ["lr_scheduler"] = Scheduler,
        ["lr_scheduler_kwargs"] = SchedulerArguments,
        ["cosine_min_lr_ratio"] = Elsewhere,
        ["cosine_constant_lr_ratio"] = No("the cosine ends with the run"),
        ["lr_quadratic_warmup"] = No("the warm-up is a straight line"),
        ["warmup_steps"] = Warmup,
        ["warmup_ratio"] = (r, v) =>
        {
            if (!r.Has("warmup_steps"))
            {
                r.Take("warmup_ratio", v);
            }
        },
        ["weight_decay"] = To("weight_decay"),
        ["max_grad_norm"] = To("max_grad_norm"),
        ["adam_beta1"] = To("adam_beta1"),
        ["adam_beta2"] = To("adam_beta2"),
        ["adam_epsilon"] = To("adam_epsilon"),
        ["neftune_noise_alpha"] = To("neftune_noise_alpha"),
        ["bf16"] = Elsewhere,
        ["fp16"] = Elsewhere,
        ["bfloat16"] = Elsewhere,
        ["float16"] = Elsewhere,
        ["tf32"] = Ignore(Speed),
        ["fp8"] = No("computation is in fp32, bf16 or fp16"),
        ["gradient_checkpointing"] = (r, v) => r.Set("gradient_checkpointing", ArgumentReader.IsOn(v)),
        ["gradient_checkpointing_kwargs"] = Ignore(Speed),
        ["activation_offloading"] = Ignore(Speed),
        ["flash_attention"] = Ignore(Speed),
        ["xformers_attention"] = Ignore(Speed),
        ["sdp_attention"] = Ignore(Speed),
        ["flex_attention"] = Ignore(Speed),
        ["attn_implementation"] = Ignore(Speed),
        ["chunked_cross_entropy"] = Ignore(Speed),
        ["torch_compile"] = Ignore(Speed),
        ["plugins"] = Ignore(Speed),

        ["eval_strategy"] = To("eval_strategy"),
        ["eval_steps"] = (r, v) => Steps(r, v, "eval"),
        ["evals_per_epoch"] = Elsewhere,
        ["save_strategy"] = To("save_strategy"),
        ["save_steps"] = (r, v) => Steps(r, v, "save"),
        ["saves_per_epoch"] = Elsewhere,
        ["save_total_limit"] = PositiveTo("save_total_limit"),
        ["save_first_step"] = Ignore("checkpoints are saved by their interval"),
        ["load_best_model_at_end"] = To("load_best_model_at_end"),
        ["metric_for_best_model"] = TransformersArguments.Common["metric_for_best_model"],
        ["greater_is_better"] = To("greater_is_better"),
        ["early_stopping_patience"] = To("early_stopping_patience"),
        ["eval_table_size"] = Ignore(Tracker),
        ["eval_max_new_tokens"] = Ignore("evaluation computes the loss"),
        ["loss_watchdog_threshold"] = Ignore("the run is diagnosed as it goes"),
        ["loss_watchdog_patience"] = Ignore("the run is diagnosed as it goes"),
        ["logging_steps"] = To("logging_steps"),
        ["output_dir"] = Output,
        ["seed"] = To("seed"),
        ["resume_from_checkpoint"] = Ignore("Start-FineTune -Resume continues a run"),
        ["auto_resume_from_checkpoints"] = Ignore("Start-FineTune -Resume continues a run"),
        ["use_tensorboard"] = To("tensorboard"),
        ["debug"] = Elsewhere,
        ["local_rank"] = Elsewhere,
        ["deepspeed"] = No(OneDevice),
        ["fsdp"] = No(OneDevice),
        ["fsdp_config"] = Ignore(OneDevice),
        ["ddp_timeout"] = Ignore(OneDevice),
        ["sequence_parallel_degree"] = No(OneDevice),
        ["context_parallel_size"] = No(OneDevice),
        ["tensor_parallel_size"] = No(OneDevice),
        ["device_map"] = Ignore(OneDevice),
        ["hub_model_id"] = Ignore(Hub),
        ["hub_strategy"] = Ignore(Hub),
        ["hf_use_auth_token"] = Ignore(Hub),
        ["push_dataset_to_hub"] = Ignore(Hub),
        ["rl"] = No(OnlySft),
        ["reward_model"] = No(OnlySft),
        ["trl"] = No(OnlySft),
    };

    /// <summary>Keys that no other tool has; two of them make a file Axolotl's.</summary>
    public static IReadOnlyList<string> Marks { get; } = ["base_model", "micro_batch_size", "sequence_len", "adapter", "sample_packing", "val_set_size", "num_epochs", "lr_scheduler", "dataset_prepared_path", "train_on_inputs", "wandb_project", "flash_attention"];

    /// <summary>Reads a file.</summary>
    public static void Read(ArgumentReader reader, YamlMapping arguments)
    {
        reader.Read(arguments, Find);
        Schedule(reader);
        PerEpoch(reader);
        Precision(reader);
        Loss(reader);
        Defaults(reader);
    }

    private static ArgumentMapping? Find(string key) =>
        Keys.GetValueOrDefault(key)
        ?? (new[] { "wandb_", "mlflow_", "comet_", "swanlab_", "trackio_", "otel_" }.Any(p => key.StartsWith(p, StringComparison.Ordinal)) || key.StartsWith("use_wandb", StringComparison.Ordinal) || key.StartsWith("use_comet", StringComparison.Ordinal) ? Ignore(Tracker) : null)
        ?? (key.StartsWith("liger_", StringComparison.Ordinal) || key.StartsWith("cut_cross_entropy", StringComparison.Ordinal) || key.StartsWith("unsloth_", StringComparison.Ordinal) || key.StartsWith("flash_attn_", StringComparison.Ordinal) ? Ignore(Speed) : null);

    private static void Adapter(ArgumentReader reader, YamlNode value)
    {
        switch ((value as YamlScalar)?.Text)
        {
            case "" or null:
                break;
            case "qlora":
            case "lora":
                reader.Set("finetuning_type", TrainingMethod.Lora);
                if (reader.Text("adapter") == "qlora" || reader.IsTrue("load_in_4bit") || reader.IsTrue("load_in_8bit"))
                {
                    QuantizedBase(reader, "load_in_8bit", eight: reader.IsTrue("load_in_8bit"));
                }

                break;
            default:
                reader.Set("finetuning_type", TrainingMethod.Lora);
                reader.Note(ImportOutcome.NotMapped, "full fine-tuning, LoRA and QLoRA are done here; lora is taken");
                break;
        }
    }

    private static void Template(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar { Text: not ("tokenizer_default" or "jinja") })
        {
            reader.Note(ImportOutcome.Approximated, "the model's own chat template is used; chat_template_path replaces it");
        }
    }

    private static void TemplateText(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar scalar && Local(reader, scalar.Text) is { } file)
        {
            reader.Set("chat_template_path", file);
        }
        else
        {
            reader.Note(ImportOutcome.NotMapped, "put the template into a file and set chat_template_path");
        }
    }

    private static void Datasets(ArgumentReader reader, YamlNode value, string setting)
    {
        var files = new List<string>();
        var formats = new HashSet<DatasetFormat>();
        var number = 0;
        foreach (var entry in value is YamlSequence list ? list.Items.OfType<YamlMapping>() : value is YamlMapping one ? [one] : [])
        {
            var fields = entry.Entries.ToDictionary(e => e.Key.Text, e => e.Value, StringComparer.Ordinal);
            var index = number++;
            var names = fields.GetValueOrDefault("data_files") ?? fields.GetValueOrDefault("path");
            var found = (names is YamlSequence several ? several.Items.OfType<YamlScalar>() : names is YamlScalar single ? [single] : []).Select(n => (n.Text, File: Local(reader, n.Text))).ToList();
            files.AddRange(found.Where(f => f.File is not null && File.Exists(f.File)).Select(f => f.File!));
            foreach (var (text, _) in found.Where(f => f.File is null || !File.Exists(f.File)))
            {
                reader.Within($"[{index}].path", names!, () => reader.Note(ImportOutcome.NotMapped, $"no such file lies here: if '{text}' is a name on the Hub, download it and set {setting}"));
            }

            formats.Add(Format(reader, fields, index));
        }

        if (files.Count > 0)
        {
            reader.Set(setting, SettingList.From(files));
        }

        if (formats.Count == 1 && setting == "dataset_path" && !reader.IsSet("dataset_format"))
        {
            reader.Set("dataset_format", formats.Single());
        }
    }

    private static DatasetFormat Format(ArgumentReader reader, Dictionary<string, YamlNode> fields, int index)
    {
        var type = fields.GetValueOrDefault("type");
        if (fields.GetValueOrDefault("field_messages") is YamlScalar { IsNull: false } messages)
        {
            reader.Set("messages_field", messages.Text);
        }

        if (fields.GetValueOrDefault("field") is YamlScalar { IsNull: false } field)
        {
            reader.Set("text_field", field.Text);
        }

        switch ((type as YamlScalar)?.Text)
        {
            case "chat_template" or "chat_template.default":
                var shareGpt = fields.GetValueOrDefault("message_field_role") is YamlScalar { Text: "from" }
                    || (fields.GetValueOrDefault("message_property_mappings") is YamlMapping map && map.Entries.Any(e => e.Key.Text == "role" && e.Value is YamlScalar { Text: "from" }));
                return shareGpt ? DatasetFormat.ShareGpt : DatasetFormat.Messages;
            case { } name when name.StartsWith("sharegpt", StringComparison.Ordinal):
                return DatasetFormat.ShareGpt;
            case { } name when name.StartsWith("alpaca", StringComparison.Ordinal):
                return DatasetFormat.Alpaca;
            case "completion" or "pretrain":
                return DatasetFormat.Text;
            case null when type is YamlMapping own:
                foreach (var (key, value) in own.Entries.Where(e => e.Value is YamlScalar { IsNull: false }))
                {
                    switch (key.Text)
                    {
                        case "field_instruction":
                            reader.Set("prompt_field", ((YamlScalar)value).Text);
                            break;
                        case "field_output":
                            reader.Set("completion_field", ((YamlScalar)value).Text);
                            break;
                        default:
                            reader.Within($"[{index}].type.{key.Text}", value, () => reader.Note(ImportOutcome.NotMapped, "prompts are taken from their field as they are; write the format into the data"));
                            break;
                    }
                }

                return DatasetFormat.PromptCompletion;
            case null:
                return DatasetFormat.Auto;
            default:
                reader.Within($"[{index}].type", type!, () => reader.Note(ImportOutcome.NotMapped, "the shape of the records is found by content; convert them where it is not"));
                return DatasetFormat.Auto;
        }
    }

    private static void Schedule(ArgumentReader reader)
    {
        if (!reader.IsSet("lr_scheduler_type"))
        {
            reader.Default("lr_scheduler", "lr_scheduler_type", LrSchedulerType.Cosine, Tool);
        }

        if (reader.Node("cosine_min_lr_ratio") is { } ratio && ArgumentReader.Number(ratio) is > 0)
        {
            if (reader.Config.Schedule.LrSchedulerType == LrSchedulerType.Cosine)
            {
                reader.Set("lr_scheduler_type", LrSchedulerType.CosineWithMinLr);
                reader.Take("min_lr_rate", ratio);
            }
            else
            {
                reader.NoteOn("cosine_min_lr_ratio", ImportOutcome.Ignored, "the schedule is not a cosine");
            }
        }
    }

    private static void Steps(ArgumentReader reader, YamlNode value, string what)
    {
        if (ArgumentReader.Number(value) is > 0)
        {
            reader.Set($"{what}_strategy", IntervalStrategy.Steps);
            reader.Take($"{what}_steps", value);
        }
    }

    // n times an epoch, as a share of the run.
    private static void PerEpoch(ArgumentReader reader)
    {
        var epochs = reader.Config.Duration.NumTrainEpochs ?? 1;
        foreach (var (argument, what) in new[] { ("evals_per_epoch", "eval"), ("saves_per_epoch", "save") })
        {
            var number = reader.Node(argument) is { } node ? ArgumentReader.Number(node) : null;
            if (number is not > 0)
            {
                continue;
            }

            if (number == 1)
            {
                reader.Set($"{what}_strategy", IntervalStrategy.Epoch);
            }
            else
            {
                reader.Set($"{what}_strategy", IntervalStrategy.Steps);
                reader.Set($"{what}_steps", 1 / (number.Value * epochs));
                reader.NoteOn(argument, ImportOutcome.Approximated, $"{what}_steps as a share of the run");
            }
        }

        if (reader.Config.Data is { ValidationPath.Count: 0, ValidationSplit: null } && reader.IsSet("eval_strategy"))
        {
            reader.Set("eval_strategy", IntervalStrategy.No);
        }
    }

    private static void Precision(ArgumentReader reader)
    {
        if (reader.IsTrue("bf16") || reader.IsTrue("bfloat16"))
        {
            reader.Set("precision", Configuration.Precision.Bf16);
        }
        else if (reader.Text("bf16") != "auto" && (reader.IsTrue("fp16") || reader.IsTrue("float16")))
        {
            reader.Set("precision", Configuration.Precision.Fp16);
        }
    }

    private static void Loss(ArgumentReader reader)
    {
        if (reader.IsTrue("train_on_inputs"))
        {
            reader.Set("completion_only_loss", false);
        }
        else if (reader.Config.Data.DatasetFormat is DatasetFormat.Messages or DatasetFormat.ShareGpt)
        {
            reader.Set("assistant_only_loss", true);
        }
    }

    private static void Defaults(ArgumentReader reader)
    {
        reader.Default("micro_batch_size", "per_device_train_batch_size", 1, Tool);
        reader.Default("gradient_accumulation_steps", "gradient_accumulation_steps", 1, Tool);
        if (!reader.IsSet("max_steps"))
        {
            reader.Default("num_epochs", "num_train_epochs", 1.0, Tool);
        }

        reader.Default("sequence_len", "max_length", 512, Tool);
        reader.Default("sample_packing", "packing", false, Tool);
        reader.Default("weight_decay", "weight_decay", 0.0, Tool);
        reader.Default("max_grad_norm", "max_grad_norm", 1.0, Tool);
        if (!reader.IsSet("warmup_steps"))
        {
            reader.Default("warmup_ratio", "warmup_ratio", 0.03, Tool);
        }

        if (reader.Config.Method.FinetuningType != TrainingMethod.Full)
        {
            reader.Default("lora_dropout", "lora_dropout", 0.0, Tool);
        }
    }
}
