using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: evaluation, checkpoints, device, logs, output.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>When to evaluate; null = each epoch if there is validation data.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("eval_strategy")]
    [FieldSpelling]
    public IntervalStrategy EvalStrategy
    {
        get => Get<IntervalStrategy>("eval_strategy");
        set => Set("eval_strategy", value);
    }

    /// <summary>Steps between evaluations; below 1 a share of the run.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("eval_steps")]
    public double? EvalSteps
    {
        get => Get<double?>("eval_steps");
        set => Set("eval_steps", value);
    }

    /// <summary>Metric that decides the best model.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("metric_for_best_model")]
    [ArgumentCompleter(typeof(MetricCompleter))]
    public string? MetricForBestModel
    {
        get => Get<string>("metric_for_best_model");
        set => Set("metric_for_best_model", value);
    }

    /// <summary>Whether higher is better; null = unless the name ends in loss.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("greater_is_better")]
    public bool? GreaterIsBetter
    {
        get => Get<bool?>("greater_is_better");
        set => Set("greater_is_better", value);
    }

    /// <summary>Evaluations without improvement before the run stops; null = no early stopping.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("early_stopping_patience")]
    public int? EarlyStoppingPatience
    {
        get => Get<int?>("early_stopping_patience");
        set => Set("early_stopping_patience", value);
    }

    /// <summary>Least change that counts as improvement.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("early_stopping_threshold")]
    public double? EarlyStoppingThreshold
    {
        get => Get<double?>("early_stopping_threshold");
        set => Set("early_stopping_threshold", value);
    }

    /// <summary>Load the best checkpoint when the run ends.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("load_best_model_at_end")]
    public SwitchParameter LoadBestModelAtEnd
    {
        get => Get<SwitchParameter>("load_best_model_at_end");
        set => Set("load_best_model_at_end", value);
    }

    /// <summary>When to save.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("save_strategy")]
    [FieldSpelling]
    public IntervalStrategy SaveStrategy
    {
        get => Get<IntervalStrategy>("save_strategy");
        set => Set("save_strategy", value);
    }

    /// <summary>Steps between checkpoints; below 1 a share of the run.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("save_steps")]
    public double? SaveSteps
    {
        get => Get<double?>("save_steps");
        set => Set("save_steps", value);
    }

    /// <summary>Checkpoints kept (the best is exempt); null = all.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("save_total_limit")]
    public int? SaveTotalLimit
    {
        get => Get<int?>("save_total_limit");
        set => Set("save_total_limit", value);
    }

    /// <summary>auto, cpu, cuda or cuda:n.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ArgumentCompleter(typeof(SettingCompleter))]
    public string? Device
    {
        get => Get<string>("device");
        set => Set("device", value);
    }

    /// <summary>Number format; null = derived (bf16 where the device has it, else fp32).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [FieldSpelling]
    public Precision Precision
    {
        get => Get<Precision>("precision");
        set => Set("precision", value);
    }

    /// <summary>Seed of every random choice.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public long? Seed
    {
        get => Get<long?>("seed");
        set => Set("seed", value);
    }

    /// <summary>CPU threads; null = the physical cores.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("num_threads")]
    public int? NumThreads
    {
        get => Get<int?>("num_threads");
        set => Set("num_threads", value);
    }

    /// <summary>Steps between logged metrics.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("logging_steps")]
    public int? LoggingSteps
    {
        get => Get<int?>("logging_steps");
        set => Set("logging_steps", value);
    }

    /// <summary>Write TensorBoard events.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public bool? Tensorboard
    {
        get => Get<bool?>("tensorboard");
        set => Set("tensorboard", value);
    }

    /// <summary>The run folder that the run writes to; null until it is chosen.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("output_dir", "OutputDir")]
    public string? OutputPath
    {
        get => Get<string>("output_dir");
        set => Set("output_dir", value);
    }
}
