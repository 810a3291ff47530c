using System.Management.Automation;

namespace TrainTools.PowerShell.Commands;

/// <content>Parameters: the base model.</content>
public sealed partial class NewTrainingConfigCommand
{
    /// <summary>A Hugging Face model folder (config.json, *.safetensors, tokenizer.json).</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("model_name_or_path", "ModelNameOrPath")]
    public string? ModelPath
    {
        get => Get<string>("model_name_or_path");
        set => Set("model_name_or_path", value);
    }

    /// <summary>Folder of the tokenizer; null = the model's.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("tokenizer_path")]
    public string? TokenizerPath
    {
        get => Get<string>("tokenizer_path");
        set => Set("tokenizer_path", value);
    }

    /// <summary>File with a Jinja chat template that replaces the model's; null = the model's.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("chat_template_path")]
    public string? ChatTemplatePath
    {
        get => Get<string>("chat_template_path");
        set => Set("chat_template_path", value);
    }

    /// <summary>Dropout of attention weights; null = the model's config.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("attention_dropout")]
    public double? AttentionDropout
    {
        get => Get<double?>("attention_dropout");
        set => Set("attention_dropout", value);
    }

    /// <summary>Dropout of hidden states; null = the model's config.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("hidden_dropout")]
    public double? HiddenDropout
    {
        get => Get<double?>("hidden_dropout");
        set => Set("hidden_dropout", value);
    }

    /// <summary>Dropout before the classifier; null = the model's config.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [Alias("classifier_dropout")]
    public double? ClassifierDropout
    {
        get => Get<double?>("classifier_dropout");
        set => Set("classifier_dropout", value);
    }
}
