namespace TrainTools.Core.Data.Writing;

/// <summary>How records are written.</summary>
public sealed record DatasetWriterOptions
{
    /// <summary>Layout; Auto = by the file's extension (.jsonl, .json, .csv, .tsv, .parquet, .conll, .txt), JSON Lines where it says nothing.</summary>
    public DatasetFileFormat FileFormat { get; init; }

    /// <summary>Field with plain text.</summary>
    public string TextField { get; init; } = "text";

    /// <summary>Field with the prompt.</summary>
    public string PromptField { get; init; } = "prompt";

    /// <summary>Field with the completion.</summary>
    public string CompletionField { get; init; } = "completion";

    /// <summary>Field with the conversation.</summary>
    public string MessagesField { get; init; } = "messages";

    /// <summary>Field with the label or labels.</summary>
    public string LabelField { get; init; } = "label";

    /// <summary>Field with the words.</summary>
    public string TokensField { get; init; } = "tokens";

    /// <summary>Field with their tags.</summary>
    public string TagsField { get; init; } = "ner_tags";
}
