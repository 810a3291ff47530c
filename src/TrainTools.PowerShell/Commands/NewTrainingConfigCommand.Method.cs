using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: method and task.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>The method.</summary>
    [Parameter]
    [Alias("finetuning_type", "FinetuningType")]
    [FieldSpelling]
    public TrainingMethod Method
    {
        get => Get<TrainingMethod>("finetuning_type");
        set => Set("finetuning_type", value);
    }

    /// <summary>Rank of the adapters; null = derived.</summary>
    [Parameter]
    [Alias("lora_r")]
    public int? LoraR
    {
        get => Get<int?>("lora_r");
        set => Set("lora_r", value);
    }

    /// <summary>Scale numerator of the adapters; null = derived.</summary>
    [Parameter]
    [Alias("lora_alpha")]
    public double? LoraAlpha
    {
        get => Get<double?>("lora_alpha");
        set => Set("lora_alpha", value);
    }

    /// <summary>Dropout before the adapters.</summary>
    [Parameter]
    [Alias("lora_dropout")]
    public double? LoraDropout
    {
        get => Get<double?>("lora_dropout");
        set => Set("lora_dropout", value);
    }

    /// <summary>Names of the layers that get adapters, or the single word all-linear, or a regular expression; empty = derived.</summary>
    [Parameter]
    [Alias("target_modules", "TargetModules")]
    public string[]? TargetModule
    {
        get => Get<string[]>("target_modules");
        set => Set("target_modules", value);
    }

    /// <summary>Layers that get none.</summary>
    [Parameter]
    [Alias("exclude_modules", "ExcludeModules")]
    public string[]? ExcludeModule
    {
        get => Get<string[]>("exclude_modules");
        set => Set("exclude_modules", value);
    }

    /// <summary>Modules trained in full and saved with the adapter.</summary>
    [Parameter]
    [Alias("modules_to_save", "ModulesToSave")]
    public string[]? ModuleToSave
    {
        get => Get<string[]>("modules_to_save");
        set => Set("modules_to_save", value);
    }

    /// <summary>Scale by alpha / sqrt(r).</summary>
    [Parameter]
    [Alias("use_rslora")]
    public SwitchParameter UseRslora
    {
        get => Get<SwitchParameter>("use_rslora");
        set => Set("use_rslora", value);
    }

    /// <summary>Weight-decomposed adapters.</summary>
    [Parameter]
    [Alias("use_dora")]
    public SwitchParameter UseDora
    {
        get => Get<SwitchParameter>("use_dora");
        set => Set("use_dora", value);
    }

    /// <summary>Learning-rate factor of the B matrices (LoRA+); null = 1.</summary>
    [Parameter]
    [Alias("loraplus_lr_ratio")]
    public double? LoraplusLrRatio
    {
        get => Get<double?>("loraplus_lr_ratio");
        set => Set("loraplus_lr_ratio", value);
    }

    /// <summary>Second quantisation of the NF4 scales.</summary>
    [Parameter]
    [Alias("bnb_4bit_use_double_quant")]
    public bool? Bnb4BitUseDoubleQuant
    {
        get => Get<bool?>("bnb_4bit_use_double_quant");
        set => Set("bnb_4bit_use_double_quant", value);
    }

    /// <summary>The task.</summary>
    [Parameter]
    [Alias("task_type", "TaskType")]
    [FieldSpelling]
    public TaskType Task
    {
        get => Get<TaskType>("task_type");
        set => Set("task_type", value);
    }

    /// <summary>Labels in order; empty = from the model's config or the data.</summary>
    [Parameter]
    [Alias("labels")]
    public string[]? Label
    {
        get => Get<string[]>("labels");
        set => Set("labels", value);
    }

    /// <summary>Share of the target moved to all classes.</summary>
    [Parameter]
    [Alias("label_smoothing_factor")]
    public double? LabelSmoothingFactor
    {
        get => Get<double?>("label_smoothing_factor");
        set => Set("label_smoothing_factor", value);
    }
}
