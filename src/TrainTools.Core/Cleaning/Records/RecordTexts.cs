using System.Text.Json.Nodes;

using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Records;

/// <summary>Changes the texts of a record.</summary>
internal static class RecordTexts
{
    /// <summary>The record with each of its texts replaced; the record itself if none changes.</summary>
    public static TrainingRecord Map(TrainingRecord record, Func<string, string> change)
    {
        var changed = record with
        {
            Text = Map(record.Text, change),
            Prompt = Map(record.Prompt, change),
            Completion = Map(record.Completion, change),
            Chosen = Map(record.Chosen, change),
            Rejected = Map(record.Rejected, change),
            Messages = Map(record.Messages, change),
            CompletionMessages = Map(record.CompletionMessages, change),
            ChosenMessages = Map(record.ChosenMessages, change),
            RejectedMessages = Map(record.RejectedMessages, change),
        };
        return changed.Equals(record) ? record : changed;
    }

    private static string? Map(string? text, Func<string, string> change) => text is null ? null : change(text);

    private static IReadOnlyList<ChatMessage>? Map(IReadOnlyList<ChatMessage>? messages, Func<string, string> change)
    {
        if (messages is null)
        {
            return null;
        }

        ChatMessage[]? copy = null;
        for (var i = 0; i < messages.Count; i++)
        {
            var content = messages[i].Content;
            var result = Map(content, change);
            if (result is not null && !string.Equals(result, content, StringComparison.Ordinal))
            {
                copy ??= [.. messages];
                copy[i] = messages[i] with { Content = result, Extra = WithContent(messages[i].Extra, result) };
            }
        }

        return copy ?? messages;
    }

    private static JsonObject? WithContent(JsonObject? extra, string content)
    {
        if (extra is null || !extra.ContainsKey("content"))
        {
            return extra;
        }

        var copy = (JsonObject)extra.DeepClone();
        copy["content"] = content;
        return copy;
    }
}
