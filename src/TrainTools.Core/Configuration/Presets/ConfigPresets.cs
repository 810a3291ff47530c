using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>The presets: the tuning notes as starting points. They set what defines them; the rest is derived as ever.</summary>
public static class ConfigPresets
{
    /// <summary>All presets.</summary>
    public static IReadOnlyList<ConfigPreset> All { get; } =
    [
        Make(
            "sft-full",
            "Supervised fine-tuning of every parameter, up to 13 B",
            ("finetuning_type", TrainingMethod.Full),
            ("lr_scheduler_type", LrSchedulerType.Cosine),
            ("weight_decay", 0.01),
            ("max_grad_norm", 1.0),
            ("warmup_ratio", 0.05),
            ("num_train_epochs", 3.0)),
        Make(
            "sft-lora",
            "Supervised fine-tuning of adapters on every linear layer",
            ("finetuning_type", TrainingMethod.Lora),
            ("lora_r", 16),
            ("lora_alpha", 32.0),
            ("lora_dropout", 0.05),
            ("target_modules", SettingList.Create(["all-linear"])),
            ("lr_scheduler_type", LrSchedulerType.Cosine),
            ("weight_decay", 0.01),
            ("warmup_ratio", 0.05),
            ("num_train_epochs", 3.0)),
        Make(
            "sft-qlora",
            "The same on a base quantised to four bits, for large models on one device",
            ("finetuning_type", TrainingMethod.Qlora),
            ("lora_r", 16),
            ("lora_alpha", 32.0),
            ("lora_dropout", 0.05),
            ("target_modules", SettingList.Create(["all-linear"])),
            ("lr_scheduler_type", LrSchedulerType.Cosine),
            ("weight_decay", 0.01),
            ("max_grad_norm", 0.3),
            ("gradient_checkpointing", true),
            ("warmup_ratio", 0.05),
            ("num_train_epochs", 3.0)),
        Make(
            "large-model",
            "Models above 13 B: small steps, tight clipping, a floor under the learning rate, memory before time",
            ("finetuning_type", TrainingMethod.Qlora),
            ("lora_r", 64),
            ("lora_alpha", 64.0),
            ("lora_dropout", 0.05),
            ("target_modules", SettingList.Create(["all-linear"])),
            ("learning_rate", 1e-4),
            ("max_grad_norm", 0.3),
            ("lr_scheduler_type", LrSchedulerType.CosineWithMinLr),
            ("min_lr_rate", 0.1),
            ("warmup_ratio", 0.05),
            ("per_device_train_batch_size", 1),
            ("gradient_accumulation_steps", 16),
            ("gradient_checkpointing", true),
            ("num_train_epochs", 2.0)),
        Make(
            "small-data",
            "A few hundred records: no packing, validation and early stopping against learning by heart",
            ("packing", false),
            ("validation_split", 0.1),
            ("eval_strategy", IntervalStrategy.Epoch),
            ("num_train_epochs", 5.0),
            ("early_stopping_patience", 2),
            ("load_best_model_at_end", true),
            ("warmup_ratio", 0.1)),
        Make(
            "noisy-data",
            "A classifier on labels that are partly wrong: smoothed labels, more dropout, the easy records first",
            ("task_type", TaskType.SequenceClassification),
            ("label_smoothing_factor", 0.1),
            ("hidden_dropout", 0.2),
            ("classifier_dropout", 0.2),
            ("curriculum", true),
            ("validation_split", 0.1),
            ("eval_strategy", IntervalStrategy.Epoch),
            ("num_train_epochs", 5.0),
            ("early_stopping_patience", 2),
            ("load_best_model_at_end", true),
            ("max_grad_norm", 1.0),
            ("warmup_ratio", 0.1)),
        Make(
            "classification",
            "One label a text, by a pretrained encoder: up to 10 epochs with an eye on the evaluation and early stopping",
            ("task_type", TaskType.SequenceClassification),
            ("learning_rate", 3e-5),
            ("max_grad_norm", 1.0),
            ("warmup_ratio", 0.1),
            ("validation_split", 0.1),
            ("eval_strategy", IntervalStrategy.Epoch),
            ("num_train_epochs", 10.0),
            ("early_stopping_patience", 2),
            ("load_best_model_at_end", true)),
        Make(
            "ner",
            "One label a word: 3 to 10 epochs with an eye on the evaluation and early stopping",
            ("task_type", TaskType.TokenClassification),
            ("learning_rate", 3e-5),
            ("max_grad_norm", 1.0),
            ("warmup_ratio", 0.1),
            ("validation_split", 0.1),
            ("eval_strategy", IntervalStrategy.Epoch),
            ("num_train_epochs", 10.0),
            ("metric_for_best_model", "eval_f1"),
            ("early_stopping_patience", 3),
            ("load_best_model_at_end", true)),
        Make(
            "continued-pretraining",
            "Plain text in a new language or field: nothing cut away, rows filled",
            ("dataset_format", DatasetFormat.Text),
            ("packing", true),
            ("packing_strategy", PackingStrategy.BfdSplit),
            ("lr_scheduler_type", LrSchedulerType.CosineWithMinLr),
            ("min_lr_rate", 0.1),
            ("weight_decay", 0.1),
            ("warmup_ratio", 0.05)),
    ];

    /// <summary>A config with a preset's settings over another's.</summary>
    /// <param name="name">The preset.</param>
    /// <param name="config">What to lay it over; null = the defaults.</param>
    /// <exception cref="TrainToolsException">ConfigPresetUnknown.</exception>
    public static TrainingConfig Apply(string name, TrainingConfig? config = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var preset = All.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new TrainToolsException(
                ErrorIds.ConfigPresetUnknown,
                ErrorKind.InvalidArgument,
                $"There is no preset '{name}'.",
                NearestName.Find(name, All.Select(p => p.Name)) is { } nearest ? $"Did you mean {nearest}?" : $"There are {string.Join(", ", All)}.",
                name);
        return preset.Settings.Aggregate(config ?? new TrainingConfig(), (c, s) => ConfigSchema.Get(s.Setting).With(c, s.Value));
    }

    private static ConfigPreset Make(string name, string description, params (string Setting, object? Value)[] settings) =>
        new(name, description, [.. settings.Select(s => new SettingChange(s.Setting, s.Value))]);
}
