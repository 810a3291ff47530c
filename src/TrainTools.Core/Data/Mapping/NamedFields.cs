namespace TrainTools.Core.Data.Mapping;

/// <summary>
/// Fields that the reader is told by other names than the default ones. No other field takes the place of one of them: it
/// would hold something else.
/// </summary>
internal static class NamedFields
{
    private static readonly DatasetReaderOptions Unset = new();

    private static readonly (string Meaning, Func<DatasetReaderOptions, string> Name)[] All =
    [
        ("the text", o => o.TextField), ("the prompt", o => o.PromptField), ("the completion", o => o.CompletionField),
        ("the conversation", o => o.MessagesField), ("the label", o => o.LabelField), ("the chosen answer", o => o.ChosenField),
        ("the rejected answer", o => o.RejectedField), ("the words", o => o.TokensField), ("the tags", o => o.TagsField),
    ];

    /// <summary>The named fields, each with what it is named for.</summary>
    public static IReadOnlyList<(string Meaning, string Name)> Of(DatasetReaderOptions options) =>
        [.. All.Where(f => f.Name(options) != f.Name(Unset)).Select(f => (f.Meaning, f.Name(options)))];

    /// <summary>Whether the field was named by other than its default.</summary>
    public static bool IsGiven(DatasetReaderOptions options, Func<DatasetReaderOptions, string> field) => field(options) != field(Unset);

    /// <summary>The field that was named, or else the first that the row has of its default and the usual other names; null if it has none.</summary>
    public static string? First(RowFields row, DatasetReaderOptions options, Func<DatasetReaderOptions, string> field, params ReadOnlySpan<string> others) =>
        row.Has(field(options)) ? field(options)
        : IsGiven(options, field) ? null
        : row.First(others);
}
