using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Finds the shape of a row by the fields it has. The names that the options give come first.</summary>
internal static class ShapeDetector
{
    private static readonly DatasetReaderOptions Unset = new();

    /// <summary>The shape; an error that names the fields if none fits.</summary>
    public static DatasetFormat Detect(RowFields row, DatasetReaderOptions options)
    {
        if (row.Has(options.ChosenField) && row.Has(options.RejectedField))
        {
            return DatasetFormat.Preference;
        }

        if (row.Has(options.MessagesField) || row.First(KnownFields.Conversations) is not null)
        {
            return DatasetFormat.Messages;
        }

        if (row.Has(options.PromptField) && row.Has(options.CompletionField))
        {
            return DatasetFormat.PromptCompletion;
        }

        if (row.First([options.TokensField, .. KnownFields.Tokens]) is not null && row.First([options.TagsField, .. KnownFields.Tags]) is not null)
        {
            return DatasetFormat.TokenClassification;
        }

        if (row.Has("instruction") && row.First("output", "response") is not null)
        {
            return DatasetFormat.Alpaca;
        }

        if (row.First([options.TextField, .. KnownFields.Texts]) is not null)
        {
            if (EntityMapper.Field(row) is not null)
            {
                return DatasetFormat.TokenClassification;
            }

            return LabelField(row, options) is null ? DatasetFormat.Text : DatasetFormat.Classification;
        }

        if (Pair(row, options) is not null)
        {
            return DatasetFormat.PromptCompletion;
        }

        throw new RowException($"no known shape of record has the fields {row.Names()}") { ErrorId = ErrorIds.DatasetShapeUnknown };
    }

    /// <summary>The field with the label; null if there is none. Where the reader is told a field no other takes its place: it would hold other labels.</summary>
    public static string? LabelField(RowFields row, DatasetReaderOptions options) =>
        IsLabelFieldGiven(options) ? row.First([options.LabelField])
        : row.First([options.LabelField, .. KnownFields.Labels]) ?? (row.Count == 2 ? row.First(KnownFields.WeakLabels) : null);

    /// <summary>Whether the reader is told a label field other than the default.</summary>
    public static bool IsLabelFieldGiven(DatasetReaderOptions options) => options.LabelField != Unset.LabelField;

    /// <summary>The fields with prompt and completion; null if there are none.</summary>
    public static (string Prompt, string Completion)? Pair(RowFields row, DatasetReaderOptions options)
    {
        if (row.Has(options.PromptField) && row.Has(options.CompletionField))
        {
            return (options.PromptField, options.CompletionField);
        }

        foreach (var pair in KnownFields.Pairs)
        {
            if (row.Has(pair.Prompt) && row.Has(pair.Completion))
            {
                return pair;
            }
        }

        return null;
    }
}
