using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Finds the shape of a row by the fields it has. The names that the options give come first.</summary>
internal static class ShapeDetector
{
    /// <summary>The shape; an error that names the fields if none fits.</summary>
    public static DatasetFormat Detect(RowFields row, DatasetReaderOptions options)
    {
        if (row.Has(options.ChosenField) && row.Has(options.RejectedField))
        {
            return DatasetFormat.Preference;
        }

        if (Conversation(row, options) is not null)
        {
            return DatasetFormat.Messages;
        }

        if ((row.Has(options.PromptField) && row.Has(options.CompletionField)) || (NamedFields.IsGiven(options, o => o.PromptField) && Pair(row, options) is not null))
        {
            return DatasetFormat.PromptCompletion;
        }

        if (Words(row, options) is not null && Tags(row, options) is not null)
        {
            return DatasetFormat.TokenClassification;
        }

        if (row.Has("instruction") && AlpacaAnswer(row, options) is not null)
        {
            return DatasetFormat.Alpaca;
        }

        if (Text(row, options) is not null)
        {
            var label = LabelField(row, options);
            if (EntityMapper.Field(row, options) is not null && (label is null || !IsLabelFieldGiven(options)))
            {
                return DatasetFormat.TokenClassification;
            }

            return label is null ? DatasetFormat.Text : DatasetFormat.Classification;
        }

        if (Pair(row, options) is not null)
        {
            return DatasetFormat.PromptCompletion;
        }

        throw new RowException($"no known shape of record has the fields {row.Names()}") { ErrorId = ErrorIds.DatasetShapeUnknown };
    }

    /// <summary>The field with the conversation; null if there is none.</summary>
    public static string? Conversation(RowFields row, DatasetReaderOptions options) => NamedFields.First(row, options, o => o.MessagesField, KnownFields.Conversations);

    /// <summary>The field with the text; null if there is none.</summary>
    public static string? Text(RowFields row, DatasetReaderOptions options) => NamedFields.First(row, options, o => o.TextField, KnownFields.Texts);

    /// <summary>The field with the words of a tagged sentence; null if there is none.</summary>
    public static string? Words(RowFields row, DatasetReaderOptions options) => NamedFields.First(row, options, o => o.TokensField, KnownFields.Tokens);

    /// <summary>The field with their tags; null if there is none.</summary>
    public static string? Tags(RowFields row, DatasetReaderOptions options) => NamedFields.First(row, options, o => o.TagsField, KnownFields.Tags);

    /// <summary>The field with the answer to an instruction; null if there is none.</summary>
    public static string? AlpacaAnswer(RowFields row, DatasetReaderOptions options) => NamedFields.First(row, options, o => o.CompletionField, "output", "response");

    /// <summary>The field with the label; null if there is none.</summary>
    public static string? LabelField(RowFields row, DatasetReaderOptions options) =>
        NamedFields.First(row, options, o => o.LabelField, KnownFields.Labels)
        ?? (row.Count == 2 && !IsLabelFieldGiven(options) ? row.First(KnownFields.WeakLabels) : null);

    /// <summary>Whether the reader is told a label field other than the default.</summary>
    public static bool IsLabelFieldGiven(DatasetReaderOptions options) => NamedFields.IsGiven(options, o => o.LabelField);

    /// <summary>The fields with prompt and completion; null if there are none. Beside a named one the other is found by its usual names.</summary>
    public static (string Prompt, string Completion)? Pair(RowFields row, DatasetReaderOptions options)
    {
        if (row.Has(options.PromptField) && row.Has(options.CompletionField))
        {
            return (options.PromptField, options.CompletionField);
        }

        var (promptGiven, completionGiven) = (NamedFields.IsGiven(options, o => o.PromptField), NamedFields.IsGiven(options, o => o.CompletionField));
        foreach (var pair in KnownFields.Pairs)
        {
            var (prompt, completion) = (promptGiven ? options.PromptField : pair.Prompt, completionGiven ? options.CompletionField : pair.Completion);
            if (prompt != completion && row.Has(prompt) && row.Has(completion))
            {
                return (prompt, completion);
            }
        }

        return null;
    }
}
