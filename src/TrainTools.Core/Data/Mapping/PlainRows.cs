using System.Text;
using System.Text.Json;

using TrainTools.Core.Configuration;

namespace TrainTools.Core.Data.Mapping;

/// <summary>
/// The two layouts that most rows have, read in one pass without a document: a prompt and a completion as text, or messages
/// of a role and a content as text, and nothing else. Whatever differs in anything is left to the mapper, errors too.
/// </summary>
internal sealed class PlainRows
{
    private readonly byte[] _prompt;
    private readonly byte[] _completion;
    private readonly byte[] _messages;
    private readonly bool _pairs;
    private readonly bool _conversations;

    public PlainRows(DatasetReaderOptions options)
    {
        _prompt = Encoding.UTF8.GetBytes(options.PromptField);
        _completion = Encoding.UTF8.GetBytes(options.CompletionField);
        _messages = Encoding.UTF8.GetBytes(options.MessagesField);
        string[] names = [options.PromptField, options.CompletionField, options.MessagesField, options.ChosenField, options.RejectedField];
        var apart = names.Distinct(StringComparer.Ordinal).Count() == names.Length
            && !KnownFields.Conversations.Contains(options.PromptField) && !KnownFields.Conversations.Contains(options.CompletionField);
        _pairs = apart && options.Shape is DatasetFormat.Auto or DatasetFormat.PromptCompletion;
        _conversations = apart && options.Shape is DatasetFormat.Auto or DatasetFormat.Messages or DatasetFormat.ShareGpt;
    }

    /// <summary>The record; null if the row is not one of the two.</summary>
    public TrainingRecord? Read(ReadOnlySpan<byte> row)
    {
        if (!_pairs && !_conversations)
        {
            return null;
        }

        var json = new Utf8JsonReader(row, new JsonReaderOptions { MaxDepth = JsonValues.DocumentOptions.MaxDepth });
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject || !json.Read() || json.TokenType != JsonTokenType.PropertyName)
            {
                return null;
            }

            var record = _pairs && json.ValueTextEquals(_prompt) ? Pair(ref json)
                : _conversations && json.ValueTextEquals(_messages) ? Conversation(ref json)
                : null;
            return record is not null && json.Read() && json.TokenType == JsonTokenType.EndObject && !json.Read() ? record : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private TrainingRecord? Pair(ref Utf8JsonReader json)
    {
        if (Text(ref json) is not { } prompt || !Name(ref json, _completion) || Text(ref json) is not { } completion)
        {
            return null;
        }

        return new TrainingRecord { Shape = RecordShape.PromptCompletion, Prompt = prompt, Completion = completion };
    }

    private static TrainingRecord? Conversation(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var messages = new List<ChatMessage>(4);
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            if (!Name(ref json, "role"u8) || Role(ref json) is not { } role || !Name(ref json, "content"u8) || Text(ref json) is not { } content
                || !json.Read() || json.TokenType != JsonTokenType.EndObject)
            {
                return null;
            }

            messages.Add(new ChatMessage(role, content));
        }

        return json.TokenType == JsonTokenType.EndArray && messages.Count > 0
            ? new TrainingRecord { Shape = RecordShape.Messages, Messages = messages }
            : null;
    }

    private static bool Name(ref Utf8JsonReader json, ReadOnlySpan<byte> name) =>
        json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(name);

    private static string? Text(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.String ? json.GetString() : null;

    private static string? Role(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.String)
        {
            return null;
        }

        return json.ValueTextEquals("user"u8) ? "user" : json.ValueTextEquals("assistant"u8) ? "assistant" : json.ValueTextEquals("system"u8) ? "system" : json.GetString();
    }
}
