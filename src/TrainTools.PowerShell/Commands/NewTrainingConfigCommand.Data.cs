using System.Management.Automation;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;
using TrainTools.PowerShell.Transforms;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: the data.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>Training files, in order.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("dataset_path")]
    public string[]? DatasetPath
    {
        get => Get<string[]>("dataset_path");
        set => Set("dataset_path", value);
    }

    /// <summary>Validation files; empty = none or a split of the training data (-ValidationSplit).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("validation_path")]
    public string[]? ValidationPath
    {
        get => Get<string[]>("validation_path");
        set => Set("validation_path", value);
    }

    /// <summary>Share of the training records held out for validation; null or 0 = none.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("validation_split")]
    public double? ValidationSplit
    {
        get => Get<double?>("validation_split");
        set => Set("validation_split", value);
    }

    /// <summary>Shape of the records.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("dataset_format")]
    [FieldSpelling]
    public DatasetFormat DatasetFormat
    {
        get => Get<DatasetFormat>("dataset_format");
        set => Set("dataset_format", value);
    }

    /// <summary>Name of the field with plain text.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("text_field")]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string? TextField
    {
        get => Get<string>("text_field");
        set => Set("text_field", value);
    }

    /// <summary>Name of the field with the prompt.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("prompt_field")]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string? PromptField
    {
        get => Get<string>("prompt_field");
        set => Set("prompt_field", value);
    }

    /// <summary>Name of the field with the completion.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("completion_field")]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string? CompletionField
    {
        get => Get<string>("completion_field");
        set => Set("completion_field", value);
    }

    /// <summary>Name of the field with the conversation.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("messages_field")]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string? MessagesField
    {
        get => Get<string>("messages_field");
        set => Set("messages_field", value);
    }

    /// <summary>Name of the field with the label.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("label_field")]
    [ArgumentCompleter(typeof(FieldCompleter))]
    public string? LabelField
    {
        get => Get<string>("label_field");
        set => Set("label_field", value);
    }

    /// <summary>Longest sample in tokens; null = derived (the smaller of 1024 and the model's positions).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("max_length")]
    public int? MaxLength
    {
        get => Get<int?>("max_length");
        set => Set("max_length", value);
    }

    /// <summary>Which part of a row that is too long is kept (packing always keeps the start).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("truncation_mode")]
    [FieldSpelling]
    public TruncationMode TruncationMode
    {
        get => Get<TruncationMode>("truncation_mode");
        set => Set("truncation_mode", value);
    }

    /// <summary>Several documents in one row; null = derived.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public bool? Packing
    {
        get => Get<bool?>("packing");
        set => Set("packing", value);
    }

    /// <summary>How documents are packed.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("packing_strategy")]
    [FieldSpelling]
    public PackingStrategy PackingStrategy
    {
        get => Get<PackingStrategy>("packing_strategy");
        set => Set("packing_strategy", value);
    }

    /// <summary>Loss on the assistant's turns only (conversations).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("assistant_only_loss")]
    public SwitchParameter AssistantOnlyLoss
    {
        get => Get<SwitchParameter>("assistant_only_loss");
        set => Set("assistant_only_loss", value);
    }

    /// <summary>Loss on the completion only; null = automatic: true for prompt-completion data.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("completion_only_loss")]
    public bool? CompletionOnlyLoss
    {
        get => Get<bool?>("completion_only_loss");
        set => Set("completion_only_loss", value);
    }

    /// <summary>Cut the prompt's start rather than lose every target of a row that is too long (off: TRL's keep_start).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("keep_target")]
    public SwitchParameter KeepTarget
    {
        get => Get<SwitchParameter>("keep_target");
        set => Set("keep_target", value);
    }

    /// <summary>Shuffle the records each epoch.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public bool? Shuffle
    {
        get => Get<bool?>("shuffle");
        set => Set("shuffle", value);
    }

    /// <summary>Easy records first, then a growing share.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public SwitchParameter Curriculum
    {
        get => Get<SwitchParameter>("curriculum");
        set => Set("curriculum", value);
    }

    /// <summary>Share of the easiest records that a curriculum starts with.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("curriculum_start")]
    public double? CurriculumStart
    {
        get => Get<double?>("curriculum_start");
        set => Set("curriculum_start", value);
    }

    /// <summary>Share of the run after which a curriculum uses all records.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("curriculum_end")]
    public double? CurriculumEnd
    {
        get => Get<double?>("curriculum_end");
        set => Set("curriculum_end", value);
    }

    /// <summary>Tokens by which the windows of a long text overlap in token classification; null = derived (a quarter of max_length).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    public int? Stride
    {
        get => Get<int?>("stride");
        set => Set("stride", value);
    }

    /// <summary>Label every token of a word instead of its first (token classification); B- becomes I- after the first.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("label_all_tokens", "LabelAllToken")]
    public SwitchParameter LabelAllTokens
    {
        get => Get<SwitchParameter>("label_all_tokens");
        set => Set("label_all_tokens", value);
    }

    /// <summary>Share of the tokens that a masked language model has to guess.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("mlm_probability")]
    public double? MlmProbability
    {
        get => Get<double?>("mlm_probability");
        set => Set("mlm_probability", value);
    }

    /// <summary>Mask whole words instead of single tokens.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("whole_word_mask")]
    public SwitchParameter WholeWordMask
    {
        get => Get<SwitchParameter>("whole_word_mask");
        set => Set("whole_word_mask", value);
    }
}
