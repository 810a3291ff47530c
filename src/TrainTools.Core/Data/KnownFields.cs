namespace TrainTools.Core.Data;

/// <summary>Field names that data sets use, beside those the options give.</summary>
internal static class KnownFields
{
    public static readonly string[] Conversations = ["messages", "conversations", "conversation"];

    public static readonly string[] Texts = ["text", "sentence", "content", "document"];

    public static readonly string[] Labels = ["label", "labels"];

    /// <summary>Taken for a label only beside a text and nothing else.</summary>
    public static readonly string[] WeakLabels = ["category", "class", "intent", "target", "sentiment"];

    public static readonly string[] Tokens = ["tokens", "words"];

    public static readonly string[] Tags = ["ner_tags", "tags", "labels", "pos_tags"];

    /// <summary>Entities of a text by the places of their characters.</summary>
    public static readonly string[] Entities = ["entities", "spans", "label", "labels"];

    /// <summary>Prompt and completion under other names, tried last.</summary>
    public static readonly (string Prompt, string Completion)[] Pairs =
        [("prompt", "completion"), ("prompt", "response"), ("question", "answer"), ("instruction", "response"), ("input", "output"), ("question", "response"), ("query", "response")];

    private static readonly string[] Others =
        ["prompt", "completion", "response", "question", "answer", "instruction", "input", "output", "chosen", "rejected", "system", "context", "query", "id"];

    /// <summary>Whether a CSV cell is the name of a field.</summary>
    public static bool IsKnown(string name, DatasetReaderOptions options)
    {
        string[] given =
        [
            options.TextField, options.PromptField, options.CompletionField, options.MessagesField, options.LabelField,
            options.ChosenField, options.RejectedField, options.TokensField, options.TagsField,
        ];
        return new[] { given, Conversations, Texts, Labels, WeakLabels, Tokens, Tags, Others }
            .Any(names => names.Contains(name.Trim(), StringComparer.OrdinalIgnoreCase));
    }
}
