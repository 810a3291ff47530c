using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: method and task.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>The method.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("finetuning_type", "FinetuningType")]
    [FieldSpelling]
    public TrainingMethod Method
    {
        get => Get<TrainingMethod>("finetuning_type");
        set => Set("finetuning_type", value);
    }

    /// <summary>Rank of the adapters; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("lora_r")]
    public int? LoraR
    {
        get => Get<int?>("lora_r");
        set => Set("lora_r", value);
    }

    /// <summary>Scale numerator of the adapters; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("lora_alpha")]
    public double? LoraAlpha
    {
        get => Get<double?>("lora_alpha");
        set => Set("lora_alpha", value);
    }

    /// <summary>Dropout before the adapters.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("lora_dropout")]
    public double? LoraDropout
    {
        get => Get<double?>("lora_dropout");
        set => Set("lora_dropout", value);
    }

    /// <summary>Names of the layers that get adapters, or the single word all-linear, or a regular expression; empty = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("target_modules", "TargetModules")]
    [ArgumentCompleter(typeof(ModuleCompleter))]
    public string[]? TargetModule
    {
        get => Get<string[]>("target_modules");
        set => Set("target_modules", value);
    }

    /// <summary>Layers that get none.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("exclude_modules", "ExcludeModules")]
    [ArgumentCompleter(typeof(ModuleCompleter))]
    public string[]? ExcludeModule
    {
        get => Get<string[]>("exclude_modules");
        set => Set("exclude_modules", value);
    }

    /// <summary>Modules trained in full and saved with the adapter.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("modules_to_save", "ModulesToSave")]
    [ArgumentCompleter(typeof(ModuleCompleter))]
    public string[]? ModuleToSave
    {
        get => Get<string[]>("modules_to_save");
        set => Set("modules_to_save", value);
    }

    /// <summary>Which biases of the base are trained: none, all, or lora_only (those of the layers with adapters).</summary>
    [Parameter]
    [ArgumentCompleter(typeof(Completers.SettingCompleter))]
    public string? Bias
    {
        get => Get<string>("bias");
        set => Set("bias", value);
    }

    /// <summary>Ranks of single layers, as name=rank; a name is matched by its end, or is a regular expression.</summary>
    [Parameter]
    [Alias("rank_pattern")]
    public string[]? RankPattern
    {
        get => Get<string[]>("rank_pattern");
        set => Set("rank_pattern", value);
    }

    /// <summary>Scale numerators of single layers, as name=alpha.</summary>
    [Parameter]
    [Alias("alpha_pattern")]
    public string[]? AlphaPattern
    {
        get => Get<string[]>("alpha_pattern");
        set => Set("alpha_pattern", value);
    }

    /// <summary>Numbers of the layers that get adapters, from 0; empty = all.</summary>
    [Parameter]
    [Alias("layers_to_transform", "LayersToTransform")]
    public string[]? LayerToTransform
    {
        get => Get<string[]>("layers_to_transform");
        set => Set("layers_to_transform", value);
    }

    /// <summary>Name of the model's list of layers, for layers_to_transform; empty = any.</summary>
    [Parameter]
    [Alias("layers_pattern", "LayersPattern")]
    public string[]? LayerPattern
    {
        get => Get<string[]>("layers_pattern");
        set => Set("layers_pattern", value);
    }

    /// <summary>How the adapters begin: true (Kaiming-uniform A, zero B), false, gaussian, pissa, pissa_niter_N or olora.</summary>
    [Parameter]
    [Alias("init_lora_weights", "InitLoraWeights")]
    public string? InitLoraWeight
    {
        get => Get<string>("init_lora_weights");
        set => Set("init_lora_weights", value);
    }

    /// <summary>Scale by alpha / sqrt(r).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("use_rslora")]
    public SwitchParameter UseRslora
    {
        get => Get<SwitchParameter>("use_rslora");
        set => Set("use_rslora", value);
    }

    /// <summary>Weight-decomposed adapters.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("use_dora")]
    public SwitchParameter UseDora
    {
        get => Get<SwitchParameter>("use_dora");
        set => Set("use_dora", value);
    }

    /// <summary>Learning-rate factor of the B matrices (LoRA+); null = 1.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("loraplus_lr_ratio")]
    public double? LoraplusLrRatio
    {
        get => Get<double?>("loraplus_lr_ratio");
        set => Set("loraplus_lr_ratio", value);
    }

    /// <summary>Learning rate of adapters on embeddings with LoRA+.</summary>
    [Parameter]
    [Alias("loraplus_lr_embedding")]
    public double? LoraplusLrEmbedding
    {
        get => Get<double?>("loraplus_lr_embedding");
        set => Set("loraplus_lr_embedding", value);
    }

    /// <summary>Bits of the frozen weights with qlora: 4 (NF4) or 8.</summary>
    [Parameter]
    [Alias("quantization_bit")]
    public int? QuantizationBit
    {
        get => Get<int?>("quantization_bit");
        set => Set("quantization_bit", value);
    }

    /// <summary>Second quantisation of the NF4 scales.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("bnb_4bit_use_double_quant")]
    public bool? Bnb4BitUseDoubleQuant
    {
        get => Get<bool?>("bnb_4bit_use_double_quant");
        set => Set("bnb_4bit_use_double_quant", value);
    }

    /// <summary>The task.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("task_type", "TaskType")]
    [FieldSpelling]
    public TaskType Task
    {
        get => Get<TaskType>("task_type");
        set => Set("task_type", value);
    }

    /// <summary>Labels in order; empty = from the model's config or the data.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("labels")]
    public string[]? Label
    {
        get => Get<string[]>("labels");
        set => Set("labels", value);
    }

    /// <summary>Share of the target moved to all classes.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("label_smoothing_factor")]
    public double? LabelSmoothingFactor
    {
        get => Get<double?>("label_smoothing_factor");
        set => Set("label_smoothing_factor", value);
    }

    /// <summary>Whether a text has one label, several, or a number; null = as the model's config says, else as the data shows.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("problem_type")]
    [FieldSpelling]
    public ProblemType? ProblemType
    {
        get => Get<ProblemType?>("problem_type");
        set => Set("problem_type", value);
    }

    /// <summary>Weights of the classes in the loss, as label=weight (1 where one is left out), or the single word balanced: rows / (classes × rows of the class).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("class_weights", "ClassWeights")]
    public string[]? ClassWeight
    {
        get => Get<string[]>("class_weights");
        set => Set("class_weights", value);
    }
}
