using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: optimizer, schedule, batch and length.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>Peak learning rate; null = derived from the method and the model's size.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("learning_rate")]
    public double? LearningRate
    {
        get => Get<double?>("learning_rate");
        set => Set("learning_rate", value);
    }

    /// <summary>Decoupled weight decay.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("weight_decay")]
    public double? WeightDecay
    {
        get => Get<double?>("weight_decay");
        set => Set("weight_decay", value);
    }

    /// <summary>Optimizer.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ArgumentCompleter(typeof(SettingCompleter))]
    public string? Optim
    {
        get => Get<string>("optim");
        set => Set("optim", value);
    }

    /// <summary>Decay rate of the first moment.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("adam_beta1")]
    public double? AdamBeta1
    {
        get => Get<double?>("adam_beta1");
        set => Set("adam_beta1", value);
    }

    /// <summary>Decay rate of the second moment.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("adam_beta2")]
    public double? AdamBeta2
    {
        get => Get<double?>("adam_beta2");
        set => Set("adam_beta2", value);
    }

    /// <summary>Added to the root of the second moment.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("adam_epsilon")]
    public double? AdamEpsilon
    {
        get => Get<double?>("adam_epsilon");
        set => Set("adam_epsilon", value);
    }

    /// <summary>Largest global L2 norm of the gradient; 0 = no clipping; null = derived from method and size.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("max_grad_norm")]
    public double? MaxGradNorm
    {
        get => Get<double?>("max_grad_norm");
        set => Set("max_grad_norm", value);
    }

    /// <summary>Uniform noise on the input embeddings (NEFTune); null = none.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("neftune_noise_alpha")]
    public double? NeftuneNoiseAlpha
    {
        get => Get<double?>("neftune_noise_alpha");
        set => Set("neftune_noise_alpha", value);
    }

    /// <summary>The schedule.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("lr_scheduler_type")]
    [FieldSpelling]
    public LrSchedulerType LrSchedulerType
    {
        get => Get<LrSchedulerType>("lr_scheduler_type");
        set => Set("lr_scheduler_type", value);
    }

    /// <summary>Warm-up in steps; wins over the ratio.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("warmup_steps")]
    public int? WarmupSteps
    {
        get => Get<int?>("warmup_steps");
        set => Set("warmup_steps", value);
    }

    /// <summary>Warm-up as a share of the run, rounded up; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("warmup_ratio")]
    public double? WarmupRatio
    {
        get => Get<double?>("warmup_ratio");
        set => Set("warmup_ratio", value);
    }

    /// <summary>Lowest learning rate of cosine_with_min_lr; one of this and -MinLrRate.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("min_lr")]
    public double? MinLr
    {
        get => Get<double?>("min_lr");
        set => Set("min_lr", value);
    }

    /// <summary>The same as a share of the peak.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("min_lr_rate")]
    public double? MinLrRate
    {
        get => Get<double?>("min_lr_rate");
        set => Set("min_lr_rate", value);
    }

    /// <summary>Cycles of cosine schedules; null = the schedule's default.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("num_cycles")]
    public double? NumCycles
    {
        get => Get<double?>("num_cycles");
        set => Set("num_cycles", value);
    }

    /// <summary>Power of the polynomial schedule.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public double? Power
    {
        get => Get<double?>("power");
        set => Set("power", value);
    }

    /// <summary>Final learning rate of the polynomial schedule.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("lr_end")]
    public double? LrEnd
    {
        get => Get<double?>("lr_end");
        set => Set("lr_end", value);
    }

    /// <summary>Time scale of inverse_sqrt in steps; null = the warm-up.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public int? Timescale
    {
        get => Get<int?>("timescale");
        set => Set("timescale", value);
    }

    /// <summary>Decay steps of warmup_stable_decay.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("num_decay_steps")]
    public int? NumDecaySteps
    {
        get => Get<int?>("num_decay_steps");
        set => Set("num_decay_steps", value);
    }

    /// <summary>Stable steps of warmup_stable_decay; null = what is left.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("num_stable_steps")]
    public int? NumStableSteps
    {
        get => Get<int?>("num_stable_steps");
        set => Set("num_stable_steps", value);
    }

    /// <summary>Rows a micro-batch; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("per_device_train_batch_size", "PerDeviceTrainBatchSize")]
    public int? BatchSize
    {
        get => Get<int?>("per_device_train_batch_size");
        set => Set("per_device_train_batch_size", value);
    }

    /// <summary>Rows an evaluation batch; null = the training one.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("per_device_eval_batch_size", "PerDeviceEvalBatchSize")]
    public int? EvalBatchSize
    {
        get => Get<int?>("per_device_eval_batch_size");
        set => Set("per_device_eval_batch_size", value);
    }

    /// <summary>Micro-batches a step; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("gradient_accumulation_steps")]
    public int? GradientAccumulationSteps
    {
        get => Get<int?>("gradient_accumulation_steps");
        set => Set("gradient_accumulation_steps", value);
    }

    /// <summary>Compute activations again in the backward pass.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("gradient_checkpointing")]
    public SwitchParameter GradientCheckpointing
    {
        get => Get<SwitchParameter>("gradient_checkpointing");
        set => Set("gradient_checkpointing", value);
    }

    /// <summary>Halve the micro-batch and double accumulation when memory runs out.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("auto_find_batch_size")]
    public SwitchParameter AutoFindBatchSize
    {
        get => Get<SwitchParameter>("auto_find_batch_size");
        set => Set("auto_find_batch_size", value);
    }

    /// <summary>Passes over the data; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("num_train_epochs", "NumTrainEpochs")]
    public double? Epochs
    {
        get => Get<double?>("num_train_epochs");
        set => Set("num_train_epochs", value);
    }

    /// <summary>Optimizer steps; overrides epochs; null = from epochs.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("max_steps")]
    public int? MaxSteps
    {
        get => Get<int?>("max_steps");
        set => Set("max_steps", value);
    }

    /// <summary>Factor from each layer's learning rate to that of the layer below it, the head having the full rate; null = one rate for all.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("layerwise_lr_decay")]
    public double? LayerwiseLrDecay
    {
        get => Get<double?>("layerwise_lr_decay");
        set => Set("layerwise_lr_decay", value);
    }

    /// <summary>Leave the embeddings as they are (full fine-tuning).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("freeze_embeddings", "FreezeEmbedding")]
    public SwitchParameter FreezeEmbeddings
    {
        get => Get<SwitchParameter>("freeze_embeddings");
        set => Set("freeze_embeddings", value);
    }

    /// <summary>Number of layers, from the bottom, that are left as they are (full fine-tuning).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("freeze_layers", "FreezeLayer")]
    public int? FreezeLayers
    {
        get => Get<int?>("freeze_layers");
        set => Set("freeze_layers", value);
    }
}
