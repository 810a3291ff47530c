using static TrainTools.Core.Configuration.Mappings;

namespace TrainTools.Core.Configuration;

/// <summary>
/// TrainingArguments of transformers (as JSON or YAML) with what TRL's SFT command and transformers' example scripts add.
/// Read from transformers 5 and TRL 1; names of transformers 4 are understood too.
/// </summary>
internal static class TransformersArguments
{
    private const string Tracker = "runs write metrics.jsonl, metrics.csv and TensorBoard events";
    private const string OneDevice = "a run uses one device";
    private const string Speed = "it says how to compute, not what";
    private const string Hub = "nothing is uploaded or downloaded here";
    private const string DataLoading = "records are read and batched ahead of the step by the trainer itself";
    private const string OnlySft = "only supervised fine-tuning is done here";

    /// <summary>The arguments of transformers' TrainingArguments, which LLaMA-Factory takes too.</summary>
    public static IReadOnlyDictionary<string, ArgumentMapping> Common { get; } = new Dictionary<string, ArgumentMapping>(StringComparer.Ordinal)
    {
        ["output_dir"] = Output,
        ["learning_rate"] = To("learning_rate"),
        ["weight_decay"] = To("weight_decay"),
        ["adam_beta1"] = To("adam_beta1"),
        ["adam_beta2"] = To("adam_beta2"),
        ["adam_epsilon"] = To("adam_epsilon"),
        ["max_grad_norm"] = To("max_grad_norm"),
        ["optim"] = Optimizer,
        ["optim_args"] = No("the optimizer takes adam_beta1, adam_beta2 and adam_epsilon"),
        ["lr_scheduler_type"] = Scheduler,
        ["lr_scheduler_kwargs"] = SchedulerArguments,
        ["warmup_steps"] = Warmup,
        ["warmup_ratio"] = (r, v) =>
        {
            if (ArgumentReader.Number(r.Node("warmup_steps") ?? v) is not >= 1 || !r.Has("warmup_steps"))
            {
                r.Take("warmup_ratio", v);
            }
        },
        ["num_train_epochs"] = To("num_train_epochs"),
        ["max_steps"] = PositiveTo("max_steps"),
        ["per_device_train_batch_size"] = To("per_device_train_batch_size"),
        ["per_device_eval_batch_size"] = To("per_device_eval_batch_size"),
        ["gradient_accumulation_steps"] = To("gradient_accumulation_steps"),
        ["gradient_checkpointing"] = To("gradient_checkpointing"),
        ["gradient_checkpointing_kwargs"] = Ignore(Speed),
        ["auto_find_batch_size"] = To("auto_find_batch_size"),
        ["eval_strategy"] = To("eval_strategy"),
        ["evaluation_strategy"] = To("eval_strategy"),
        ["eval_steps"] = Interval("eval_steps"),
        ["save_strategy"] = (r, v) =>
        {
            if (v is YamlScalar { Text: "best" })
            {
                r.Note(ImportOutcome.Approximated, "a checkpoint is saved at each evaluation, and the best is never deleted");
            }
            else
            {
                r.Take("save_strategy", v);
            }
        },
        ["save_steps"] = Interval("save_steps"),
        ["save_total_limit"] = PositiveTo("save_total_limit"),
        ["load_best_model_at_end"] = To("load_best_model_at_end"),
        ["metric_for_best_model"] = (r, v) => r.Set("metric_for_best_model", r.TextOf(v).StartsWith("eval_", StringComparison.Ordinal) ? r.TextOf(v) : "eval_" + r.TextOf(v)),
        ["greater_is_better"] = To("greater_is_better"),
        ["label_smoothing_factor"] = To("label_smoothing_factor"),
        ["neftune_noise_alpha"] = To("neftune_noise_alpha"),
        ["seed"] = To("seed"),
        ["data_seed"] = No("one seed serves everything"),
        ["bf16"] = Elsewhere,
        ["fp16"] = Elsewhere,
        ["logging_steps"] = (r, v) =>
        {
            if (ArgumentReader.Number(v) is { } n && n != Math.Floor(n))
            {
                r.Note(ImportOutcome.Approximated, "a share of the run is not taken here; every step is logged");
            }
            else
            {
                PositiveTo("logging_steps")(r, v);
            }
        },
        ["report_to"] = ReportTo,
        ["use_cpu"] = WhenTrue("device", "cpu"),
        ["no_cuda"] = WhenTrue("device", "cpu"),
        ["group_by_length"] = No("records are shuffled, or packed"),
        ["dataloader_drop_last"] = No("the last batch of an epoch is trained on"),
        ["resume_from_checkpoint"] = Ignore("Start-FineTune -Resume continues a run"),
        ["overwrite_output_dir"] = Ignore("Start-FineTune -Force overwrites"),
        ["deepspeed"] = No(OneDevice),
        ["fsdp"] = No(OneDevice),
        ["fsdp_config"] = Ignore(OneDevice),
        ["parallelism_config"] = No(OneDevice),
        ["ddp_timeout"] = Ignore(OneDevice),
        ["ddp_backend"] = Ignore(OneDevice),
        ["ddp_bucket_cap_mb"] = Ignore(OneDevice),
        ["ddp_broadcast_buffers"] = Ignore(OneDevice),
        ["ddp_find_unused_parameters"] = Ignore(OneDevice),
        ["average_tokens_across_devices"] = Elsewhere,
        ["local_rank"] = Elsewhere,
        ["_n_gpu"] = Elsewhere,
        ["n_gpu"] = Elsewhere,
        ["logging_nan_inf_filter"] = Elsewhere,
        ["include_num_input_tokens_seen"] = Elsewhere,
        ["do_train"] = Elsewhere,
        ["do_eval"] = Elsewhere,
        ["do_predict"] = Ignore("evaluation is part of the run"),
        ["disable_tqdm"] = Elsewhere,
        ["log_level"] = Elsewhere,
        ["log_level_replica"] = Elsewhere,
        ["logging_strategy"] = Elsewhere,
        ["prediction_loss_only"] = Elsewhere,
        ["remove_unused_columns"] = Elsewhere,
        ["save_safetensors"] = Elsewhere,
        ["skip_memory_metrics"] = Elsewhere,
        ["run_name"] = Ignore("the run is named after its folder"),
        ["logging_dir"] = Ignore("logs lie in the run's folder"),
        ["logging_first_step"] = Ignore("every logged step is"),
        ["eval_accumulation_steps"] = Ignore(Speed),
        ["eval_delay"] = No("evaluation begins with the run"),
        ["eval_on_start"] = No("evaluation begins after the first interval"),
        ["batch_eval_metrics"] = Ignore(Speed),
        ["save_only_model"] = No("checkpoints can always be resumed"),
        ["tf32"] = Ignore(Speed),
        ["bf16_full_eval"] = Ignore(Speed),
        ["fp16_full_eval"] = Ignore(Speed),
        ["fp16_opt_level"] = Elsewhere,
        ["fp16_backend"] = Elsewhere,
        ["half_precision_backend"] = Elsewhere,
        ["accelerator_config"] = Ignore(OneDevice),
        ["full_determinism"] = Ignore("on a CPU the same seed gives the same losses anyway"),
        ["torch_compile"] = Ignore(Speed),
        ["torch_compile_backend"] = Ignore(Speed),
        ["torch_compile_mode"] = Ignore(Speed),
        ["use_liger_kernel"] = Ignore(Speed),
        ["liger_kernel_config"] = Ignore(Speed),
        ["torch_empty_cache_steps"] = Ignore(Speed),
        ["jit_mode_eval"] = Ignore(Speed),
        ["trackio_space_id"] = Ignore(Tracker),
        ["project"] = Ignore(Tracker),
        ["push_to_hub"] = Ignore(Hub),
        ["hub_model_id"] = Ignore(Hub),
        ["hub_strategy"] = Elsewhere,
        ["hub_token"] = Ignore(Hub),
        ["hub_private_repo"] = Ignore(Hub),
        ["hub_always_push"] = Ignore(Hub),
        ["hub_revision"] = Ignore(Hub),
        ["dataloader_num_workers"] = Ignore(DataLoading),
        ["dataloader_pin_memory"] = Elsewhere,
        ["dataloader_persistent_workers"] = Ignore(DataLoading),
        ["dataloader_prefetch_factor"] = Ignore(DataLoading),
        ["length_column_name"] = Elsewhere,
        ["include_inputs_for_metrics"] = Elsewhere,
        ["include_for_metrics"] = Elsewhere,
        ["label_names"] = Elsewhere,
        ["past_index"] = Elsewhere,
        ["trust_remote_code"] = Ignore("no code from a model folder is ever run"),
        ["model_revision"] = Ignore(Hub),
        ["cache_dir"] = Ignore(Hub),
    };

    private static readonly Dictionary<string, ArgumentMapping> Keys = new(Common, StringComparer.Ordinal)
    {
        ["model_name_or_path"] = Model,
        ["tokenizer_name"] = TokenizerPath,
        ["tokenizer_name_or_path"] = TokenizerPath,
        ["chat_template_path"] = (r, v) => r.Set("chat_template_path", (string?)ConfigPaths.Resolve(r.TextOf(v), r.Path)),
        ["dtype"] = Dtype,
        ["torch_dtype"] = Dtype,
        ["attn_implementation"] = Ignore(Speed),
        ["model_init_kwargs"] = No("the model is read as its folder says"),

        ["dataset_name"] = (r, v) => Files(r, v, "dataset_path"),
        ["dataset_config"] = Ignore(Hub),
        ["dataset_config_name"] = Ignore(Hub),
        ["dataset_train_split"] = Elsewhere,
        ["dataset_test_split"] = No("give the validation file as validation_path"),
        ["dataset_streaming"] = Ignore("data always streams"),
        ["datasets"] = Mixture,
        ["train_file"] = (r, v) => Files(r, v, "dataset_path"),
        ["validation_file"] = (r, v) => Files(r, v, "validation_path"),
        ["test_file"] = Ignore("only training and validation data are read"),
        ["max_train_samples"] = No("all records are trained on"),
        ["max_eval_samples"] = No("all validation records are used"),
        ["dataset_num_proc"] = Ignore(DataLoading),
        ["preprocessing_num_workers"] = Ignore(DataLoading),
        ["dataset_kwargs"] = No("records are prepared as their shape says"),
        ["dataset_text_field"] = To("text_field"),
        ["text_column_name"] = To("text_field"),
        ["label_column_name"] = To("label_field"),
        ["max_length"] = To("max_length"),
        ["max_seq_length"] = To("max_length"),
        ["block_size"] = To("max_length"),
        ["pad_to_max_length"] = Ignore("batches are padded to their longest row, which computes the same"),
        ["pad_to_multiple_of"] = Ignore("batches are padded to their longest row, which computes the same"),
        ["pad_token"] = Ignore("padding is masked by position, never by its id"),
        ["eos_token"] = No("the tokenizer's end token is used"),
        ["truncation_mode"] = To("truncation_mode"),
        ["shuffle_dataset"] = Elsewhere,
        ["packing"] = To("packing"),
        ["packing_strategy"] = (r, v) =>
        {
            if (v is YamlScalar { Text: "ffd" })
            {
                r.Set("packing_strategy", PackingStrategy.Bfd);
                r.Note(ImportOutcome.Approximated, "bfd packs a little tighter");
            }
            else
            {
                r.Take("packing_strategy", v);
            }
        },
        ["eval_packing"] = No("validation data is packed as the training data is"),
        ["padding_free"] = Ignore(Speed),
        ["completion_only_loss"] = To("completion_only_loss"),
        ["assistant_only_loss"] = To("assistant_only_loss"),
        ["loss_type"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not ("nll" or "chunked_nll") })
            {
                r.Note(ImportOutcome.NotMapped, "cross-entropy is used");
            }
        },
        ["activation_offloading"] = Ignore(Speed),
        ["router_aux_loss_coef"] = Ignore("it concerns mixtures of experts"),

        ["use_peft"] = Elsewhere,
        ["lora_r"] = Adapter("lora_r"),
        ["lora_alpha"] = Adapter("lora_alpha"),
        ["lora_dropout"] = Adapter("lora_dropout"),
        ["lora_target_modules"] = Adapter("target_modules"),
        ["lora_modules_to_save"] = Adapter("modules_to_save"),
        ["lora_target_parameters"] = No("adapters go on linear layers"),
        ["lora_task_type"] = Elsewhere,
        ["use_rslora"] = Adapter("use_rslora"),
        ["use_dora"] = Adapter("use_dora"),
        ["init_lora_weights"] = OfAdapter(InitialWeights),
        ["rank_pattern"] = Adapter("rank_pattern"),
        ["alpha_pattern"] = Adapter("alpha_pattern"),
        ["layers_to_transform"] = Adapter("layers_to_transform"),
        ["layers_pattern"] = Adapter("layers_pattern"),
        ["exclude_modules"] = Adapter("exclude_modules"),
        ["loraplus_lr_ratio"] = Adapter("loraplus_lr_ratio"),
        ["loraplus_lr_embedding"] = Adapter("loraplus_lr_embedding"),
        ["load_in_4bit"] = Elsewhere,
        ["load_in_8bit"] = Elsewhere,
        ["bnb_4bit_quant_type"] = (r, v) =>
        {
            if (v is YamlScalar { Text: not "nf4" } && r.IsTrue("load_in_4bit"))
            {
                r.Note(ImportOutcome.NotMapped, "nf4 is used");
            }
        },
        ["use_bnb_nested_quant"] = (r, v) => r.Set("bnb_4bit_use_double_quant", ArgumentReader.IsTrue(v)),
        ["bnb_4bit_quant_storage"] = Ignore(Speed),
        ["task_name"] = Task,
        ["return_entity_level_metrics"] = Elsewhere,
        ["label_all_tokens"] = No("only a word's first token is labelled"),
        ["ignore_mismatched_sizes"] = Elsewhere,
        ["gradient_accumulation_kwargs"] = Ignore(Speed),
        ["beta"] = No(OnlySft),
        ["ref_model"] = No(OnlySft),
        ["reward_model_path"] = No(OnlySft),
    };

    private static readonly HashSet<string> OfTrl = new(StringComparer.Ordinal)
    {
        "use_peft", "dataset_name", "packing", "max_length", "max_seq_length", "dataset_text_field", "assistant_only_loss", "completion_only_loss", "packing_strategy", "lora_r", "lora_target_modules", "load_in_4bit", "padding_free", "loss_type", "chat_template_path", "dataset_train_split",
    };

    /// <summary>Whether an argument of this name is known.</summary>
    public static bool Knows(string key) => Keys.ContainsKey(key);

    /// <summary>Reads a file.</summary>
    public static void Read(ArgumentReader reader, YamlMapping arguments)
    {
        var trl = arguments.Entries.Any(e => OfTrl.Contains(e.Key.Text)) && !arguments.Entries.Any(e => e.Key.Text is "train_file" or "task_name");
        reader.Read(arguments, key => Keys.GetValueOrDefault(key));
        ReadMethod(reader);
        Precision(reader);
        Defaults(reader, trl ? "TRL" : "transformers", trl);
    }

    /// <summary>bf16 and fp16, of which the first wins.</summary>
    public static void Precision(ArgumentReader reader)
    {
        if (reader.IsTrue("bf16") || reader.IsTrue("pure_bf16"))
        {
            reader.Set("precision", Configuration.Precision.Bf16);
        }
        else if (reader.IsTrue("fp16"))
        {
            reader.Set("precision", Configuration.Precision.Fp16);
        }
    }

    /// <summary>What transformers takes for arguments that a file leaves out.</summary>
    public static void Defaults(ArgumentReader reader, string tool, bool trl)
    {
        reader.Default("learning_rate", "learning_rate", trl ? 2e-5 : 5e-5, tool);
        reader.Default("weight_decay", "weight_decay", 0.0, tool);
        reader.Default("max_grad_norm", "max_grad_norm", 1.0, tool);
        reader.Default("lr_scheduler_type", "lr_scheduler_type", LrSchedulerType.Linear, tool);
        if (!reader.IsSet("warmup_steps"))
        {
            reader.Default("warmup_steps", "warmup_ratio", 0.0, tool);
        }

        if (!reader.IsSet("max_steps"))
        {
            reader.Default("num_train_epochs", "num_train_epochs", 3.0, tool);
        }

        reader.Default("per_device_train_batch_size", "per_device_train_batch_size", 8, tool);
        reader.Default("gradient_accumulation_steps", "gradient_accumulation_steps", 1, tool);
        reader.Default("eval_strategy", "eval_strategy", IntervalStrategy.No, tool);
        if (reader.Text("save_strategy") == "best")
        {
            reader.Set("save_strategy", reader.Config.Evaluation.EvalStrategy ?? IntervalStrategy.No);
            if (reader.Config.Evaluation.EvalSteps is { } steps)
            {
                reader.Set("save_steps", steps);
            }
        }

        reader.Default("save_strategy", "save_strategy", IntervalStrategy.Steps, tool);

        if (reader.Config.Checkpoints.SaveStrategy == IntervalStrategy.Steps)
        {
            reader.Default("save_steps", "save_steps", 500.0, tool);
        }

        if (trl)
        {
            reader.Default("max_length", "max_length", 1024, tool);
            reader.Default("packing", "packing", false, tool);
            reader.Default("gradient_checkpointing", "gradient_checkpointing", true, tool);
        }
        else
        {
            reader.Default("packing", "packing", false, tool);
        }
    }

    private static ArgumentMapping Adapter(string setting) => OfAdapter(To(setting));

    private static ArgumentMapping OfAdapter(ArgumentMapping mapping) => (reader, value) =>
    {
        if (reader.IsTrue("use_peft"))
        {
            mapping(reader, value);
        }
        else if (ArgumentReader.IsOn(value))
        {
            reader.Note(ImportOutcome.Ignored, "use_peft is not set: there it is not read either");
        }
    };

    private static void ReadMethod(ArgumentReader reader)
    {
        var quantized = Array.Find(["load_in_4bit", "load_in_8bit"], reader.IsTrue);
        if (!reader.IsTrue("use_peft"))
        {
            if (quantized is not null)
            {
                reader.NoteOn(quantized, ImportOutcome.NotMapped, OnlyAdapters);
            }

            return;
        }

        reader.Set("finetuning_type", TrainingMethod.Lora);
        if (quantized is not null)
        {
            QuantizedBase(reader, quantized, eight: quantized == "load_in_8bit");
        }

        reader.Default("lora_r", "lora_r", 16, "TRL");
        reader.Default("lora_alpha", "lora_alpha", 32.0, "TRL");
        reader.Default("lora_dropout", "lora_dropout", 0.05, "TRL");
        if (!reader.IsSet("target_modules"))
        {
            reader.NoteOn("lora_target_modules", ImportOutcome.Approximated, "PEFT would choose layers by the architecture (mostly the query and value projections); every linear layer gets an adapter here unless target_modules says otherwise");
        }

        if (reader.IsTrue("load_in_4bit"))
        {
            reader.Default("use_bnb_nested_quant", "bnb_4bit_use_double_quant", false, "TRL");
        }
    }

    /// <summary>A tokenizer by folder; one by its name on the Hub is noted.</summary>
    public static void TokenizerPath(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar scalar && Local(reader, scalar.Text) is { } folder)
        {
            reader.Set("tokenizer_path", folder);
        }
        else
        {
            reader.Note(ImportOutcome.NotMapped, "nothing is downloaded here: set tokenizer_path to a folder with tokenizer.json");
        }
    }

    private static void Dtype(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar { Text: not ("auto" or "float32" or "torch.float32") })
        {
            reader.Note(ImportOutcome.Approximated, "trained weights are kept in 32 bits; precision says what is computed in");
        }
    }

    private static void Files(ArgumentReader reader, YamlNode value, string setting)
    {
        if (value is YamlScalar scalar && Local(reader, scalar.Text) is { } file)
        {
            reader.Set(setting, SettingList.Create([file]));
        }
        else
        {
            reader.Note(ImportOutcome.NotMapped, $"no such file lies here: if this is a name on the Hub, download it and set {setting}");
        }
    }

    private static void Mixture(ArgumentReader reader, YamlNode value)
    {
        var files = new List<string>();
        foreach (var (entry, index) in (value is YamlSequence list ? list.Items.OfType<YamlMapping>() : []).Select((e, i) => (e, i)))
        {
            var names = entry.Entries.Where(e => e.Key.Text is "data_files" or "path").OrderBy(e => e.Key.Text == "path").Select(e => e.Value).FirstOrDefault();
            foreach (var name in names is YamlSequence several ? several.Items.OfType<YamlScalar>() : names is YamlScalar one ? [one] : [])
            {
                if (Local(reader, name.Text) is { } file)
                {
                    files.Add(file);
                }
                else
                {
                    reader.Within($"[{index}].path", name, () => reader.Note(ImportOutcome.NotMapped, "no such file lies here: if this is a name on the Hub, download it and set dataset_path"));
                }
            }
        }

        if (files.Count > 0)
        {
            reader.Set("dataset_path", SettingList.From(files));
        }
    }

    private static void Task(ArgumentReader reader, YamlNode value)
    {
        var task = (value as YamlScalar)?.Text ?? string.Empty;
        reader.Set("task_type", task is "ner" or "pos" or "chunk" ? TaskType.TokenClassification : TaskType.SequenceClassification);
        if (!reader.Has("train_file"))
        {
            reader.Note(ImportOutcome.Approximated, "the task is taken, its data is not: set dataset_path");
        }
    }
}
