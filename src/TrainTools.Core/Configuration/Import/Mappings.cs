using TrainTools.Core.Adapters;

namespace TrainTools.Core.Configuration;

/// <summary>The kinds of mapping that the tables of the tools are made of.</summary>
internal static class Mappings
{
    /// <summary>The same value under our name.</summary>
    public static ArgumentMapping To(string setting) => (reader, value) => reader.Take(setting, value);

    /// <summary>No bearing on the result; noted where it is switched on.</summary>
    public static ArgumentMapping Ignore(string reason) => Noted(ImportOutcome.Ignored, reason);

    /// <summary>No counterpart; noted where it is switched on.</summary>
    public static ArgumentMapping No(string reason) => Noted(ImportOutcome.NotMapped, reason);

    /// <summary>Read by another argument's mapping.</summary>
    public static ArgumentMapping Elsewhere { get; } = (_, _) => { };

    /// <summary>A switch that sets a setting to a value where it is on.</summary>
    public static ArgumentMapping WhenTrue(string setting, object value) => (reader, node) =>
    {
        if (ArgumentReader.IsTrue(node))
        {
            reader.Set(setting, value);
        }
    };

    /// <summary>A number where -1 or 0 means "not set".</summary>
    public static ArgumentMapping PositiveTo(string setting) => (reader, value) =>
    {
        if (ArgumentReader.Number(value) is not <= 0)
        {
            reader.Take(setting, value);
        }
    };

    /// <summary>The optimizer: AdamW in its many guises, or something else.</summary>
    public static void Optimizer(ArgumentReader reader, YamlNode value)
    {
        var name = (value as YamlScalar)?.Text ?? string.Empty;
        if (name is "adamw_torch" or "adamw_torch_fused" or "adamw_hf" or "adamw" or "adamw_apex_fused" or "adamw_anyprecision")
        {
            reader.Set("optim", "adamw_torch_fused");
        }
        else if (name.Contains("adamw", StringComparison.Ordinal) && !name.Contains("galore", StringComparison.Ordinal) && !name.Contains("apollo", StringComparison.Ordinal))
        {
            reader.Set("optim", "adamw_torch_fused");
            reader.Note(ImportOutcome.Approximated, "AdamW with moments in 32 bits is used; it needs more memory and learns the same");
        }
        else
        {
            reader.Note(ImportOutcome.NotMapped, "AdamW is used; another optimizer wants another learning rate");
        }
    }

    /// <summary>A schedule under transformers' name.</summary>
    public static void Scheduler(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar scalar && ConfigSchema.Get("lr_scheduler_type").AllowedValues.Contains(scalar.Text))
        {
            reader.Take("lr_scheduler_type", value);
        }
        else
        {
            reader.Set("lr_scheduler_type", LrSchedulerType.Cosine);
            reader.Note(ImportOutcome.NotMapped, "there is no such schedule here; cosine is used");
        }
    }

    /// <summary>The schedule's arguments.</summary>
    public static void SchedulerArguments(ArgumentReader reader, YamlNode value)
    {
        if (value is not YamlMapping arguments)
        {
            return;
        }

        foreach (var (name, inner) in arguments.Entries)
        {
            reader.Within(name.Text, inner, () =>
            {
                if (inner is YamlScalar { IsNull: true })
                {
                    return;
                }

                if (name.Text is "min_lr" or "min_lr_rate" or "num_cycles" or "power" or "lr_end" or "timescale" or "num_decay_steps" or "num_stable_steps")
                {
                    reader.Take(name.Text, inner);
                }
                else
                {
                    reader.Note(ImportOutcome.NotMapped, "the schedule here has no such argument");
                }
            });
        }
    }

    /// <summary>A warm-up: from 1 on steps, below 1 a share.</summary>
    public static void Warmup(ArgumentReader reader, YamlNode value)
    {
        var number = ArgumentReader.Number(value);
        if (number is > 0 and < 1)
        {
            reader.Set("warmup_ratio", number);
        }
        else if (number is >= 1)
        {
            reader.Set("warmup_steps", (int)Math.Min(number.Value, int.MaxValue));
        }
        else if (number is 0 && !reader.Has("warmup_ratio"))
        {
            reader.Set("warmup_ratio", 0.0);
        }
    }

    /// <summary>A model by folder or by its name on the Hub.</summary>
    public static void Model(ArgumentReader reader, YamlNode value)
    {
        var name = (value as YamlScalar)?.Text ?? string.Empty;
        if (Local(reader, name) is { } folder)
        {
            reader.Set("model_name_or_path", folder);
        }
        else
        {
            reader.Set("model_name_or_path", name);
            reader.Note(ImportOutcome.Approximated, "nothing is downloaded here: if this is a name on the Hub, set model_name_or_path to the folder it was downloaded to");
        }
    }

    /// <summary>A local path taken from the file's folder; null where nothing is there.</summary>
    public static string? Local(ArgumentReader reader, string name)
    {
        if (name.Length == 0 || name.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var full = reader.Path is null ? System.IO.Path.GetFullPath(name) : ConfigPaths.ResolveOne(name, reader.Path);
        return File.Exists(full) || Directory.Exists(full) ? full : null;
    }

    /// <summary>Where a run writes, taken from the file's folder.</summary>
    public static void Output(ArgumentReader reader, YamlNode value)
    {
        if (value is YamlScalar scalar)
        {
            reader.Set("output_dir", (string?)ConfigPaths.Resolve(scalar.Text, reader.Path));
        }
    }

    /// <summary>Trackers: TensorBoard is written here too, the others are not.</summary>
    public static void ReportTo(ArgumentReader reader, YamlNode value)
    {
        var names = value is YamlSequence list ? list.Items.OfType<YamlScalar>().Select(i => i.Text).ToList() : [(value as YamlScalar)?.Text ?? string.Empty];
        reader.Set("tensorboard", names.Exists(n => n is "tensorboard" or "all"));
        if (names.Exists(n => n is not ("tensorboard" or "none" or "all" or "")))
        {
            reader.Note(ImportOutcome.Ignored, "runs write metrics.jsonl, metrics.csv and TensorBoard events");
        }
    }

    /// <summary>An interval that is a number of steps, or a share below 1.</summary>
    public static ArgumentMapping Interval(string setting) => PositiveTo(setting);

    /// <summary>Why a base in few bits is not taken without adapters.</summary>
    public const string OnlyAdapters = "a quantised base can only be trained with adapters; set finetuning_type to qlora";

    /// <summary>LoRA on a base in 4 or 8 bits.</summary>
    public static void QuantizedBase(ArgumentReader reader, string argument, bool eight)
    {
        reader.Set("finetuning_type", TrainingMethod.Qlora);
        if (eight)
        {
            reader.Set("quantization_bit", 8);
            reader.NoteOn(argument, ImportOutcome.Approximated, "every weight gets 8 bits and its row a scale; bitsandbytes computes columns with outliers apart");
        }
    }

    /// <summary>How adapters begin, in PEFT's words.</summary>
    public static void InitialWeights(ArgumentReader reader, YamlNode value)
    {
        var text = (value as YamlScalar)?.Text ?? string.Empty;
        text = text is "True" or "False" ? text.ToLowerInvariant() : text;
        if (AdapterConfigFile.IsKnownInit(text))
        {
            reader.Set("init_lora_weights", text);
        }
        else
        {
            reader.Note(ImportOutcome.NotMapped, "adapters begin by true, false, gaussian, pissa, pissa_niter_N or olora here; they begin with a zero B matrix");
        }
    }

    private static ArgumentMapping Noted(ImportOutcome outcome, string reason) => (reader, value) =>
    {
        if (ArgumentReader.IsOn(value))
        {
            reader.Note(outcome, reason);
        }
    };
}
