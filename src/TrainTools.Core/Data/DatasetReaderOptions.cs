using TrainTools.Core.Configuration;

namespace TrainTools.Core.Data;

/// <summary>How files become records. The defaults find format and shape by content.</summary>
public sealed record DatasetReaderOptions
{
    /// <summary>Layout of the file.</summary>
    public DatasetFileFormat FileFormat { get; init; }

    /// <summary>Shape of the records.</summary>
    public DatasetFormat Shape { get; init; }

    /// <summary>Field with plain text (also the text of a classification record).</summary>
    public string TextField { get; init; } = "text";

    /// <summary>Field with the prompt.</summary>
    public string PromptField { get; init; } = "prompt";

    /// <summary>Field with the completion.</summary>
    public string CompletionField { get; init; } = "completion";

    /// <summary>Field with the conversation.</summary>
    public string MessagesField { get; init; } = "messages";

    /// <summary>Field with the label or labels.</summary>
    public string LabelField { get; init; } = "label";

    /// <summary>Field with the chosen answer.</summary>
    public string ChosenField { get; init; } = "chosen";

    /// <summary>Field with the rejected answer.</summary>
    public string RejectedField { get; init; } = "rejected";

    /// <summary>Field with the words of a token-classification record.</summary>
    public string TokensField { get; init; } = "tokens";

    /// <summary>Field with their tags; ner_tags, tags and labels are found without it.</summary>
    public string TagsField { get; init; } = "ner_tags";

    /// <summary>What one record of a plain text file is.</summary>
    public TextUnit TextUnit { get; init; }

    /// <summary>Whether a CSV or TSV file begins with column names.</summary>
    public HeaderMode Header { get; init; }

    /// <summary>Names of the columns of a CSV, TSV or CoNLL file without a header; empty = column1, column2, …</summary>
    public IReadOnlyList<string> ColumnNames { get; init; } = [];

    /// <summary>Column separator of a CSV file; null = found by content.</summary>
    public char? Delimiter { get; init; }

    /// <summary>Throw at the first bad line instead of reporting it and going on.</summary>
    public bool Strict { get; init; }

    /// <summary>Called for each bad line, in order, on the thread that reads.</summary>
    public Action<DatasetProblem>? OnProblem { get; init; }

    /// <summary>Called now and then with the bytes read and the bytes in all (of the files as stored).</summary>
    public Action<DatasetProgress>? OnProgress { get; init; }

    /// <summary>Longest line or JSON value in bytes; anything longer is reported as bad without being held in memory.</summary>
    public int MaxLineBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Threads that make records of rows ahead of the one that reads; 1 = none. What comes out is the same.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The options that a configuration describes.</summary>
    public static DatasetReaderOptions FromConfig(DataConfig config) => new()
    {
        Shape = config.DatasetFormat,
        TextField = config.TextField,
        PromptField = config.PromptField,
        CompletionField = config.CompletionField,
        MessagesField = config.MessagesField,
        LabelField = config.LabelField,
    };
}

/// <summary>How far reading has come.</summary>
/// <param name="BytesRead">Bytes of the files read so far, compressed where they are.</param>
/// <param name="BytesTotal">Bytes of all files.</param>
/// <param name="Records">Records read so far.</param>
public readonly record struct DatasetProgress(long BytesRead, long BytesTotal, long Records);
