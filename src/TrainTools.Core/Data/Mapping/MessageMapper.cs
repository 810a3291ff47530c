using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Turns of a conversation from {role, content} or ShareGPT's {from, value}.</summary>
internal static class MessageMapper
{
    /// <summary>A list of turns, one turn, or either as JSON text.</summary>
    public static List<ChatMessage> Messages(JsonElement value, string field)
    {
        using var inner = JsonValues.Unwrap(value);
        var list = inner?.RootElement ?? value;
        if (list.ValueKind == JsonValueKind.Object)
        {
            return [Message(list, field, 1)];
        }

        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new RowException($"field '{field}' holds {JsonValues.Describe(value)} where a list of messages is expected");
        }

        var messages = new List<ChatMessage>(list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            messages.Add(Message(item, field, messages.Count + 1));
        }

        return messages.Count > 0 ? messages : throw new RowException($"field '{field}' holds no message");
    }

    /// <summary>Role of a ShareGPT speaker.</summary>
    public static string Role(string speaker) => speaker switch
    {
        "human" or "user" => "user",
        "gpt" or "assistant" or "bot" or "chatgpt" or "bard" or "model" or "function_call" => "assistant",
        "observation" or "tool" or "function_response" => "tool",
        _ => speaker,
    };

    private static ChatMessage Message(JsonElement item, string field, int number)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new RowException(Place(field, number, $"is {JsonValues.Describe(item)}, not an object"));
        }

        if (item.TryGetProperty("from", out var from) && !item.TryGetProperty("role", out _))
        {
            return Shared(item, from, field, number);
        }

        if (!item.TryGetProperty("role", out var role) || role.ValueKind != JsonValueKind.String)
        {
            throw new RowException(Place(field, number, "has no role"));
        }

        var content = item.TryGetProperty("content", out var body) ? Content(body, field, number) : null;
        var hasMore = item.GetPropertyCount() > 2 || content is null;
        if (content is null && item.GetPropertyCount() <= 2 && !item.TryGetProperty("tool_calls", out _))
        {
            throw new RowException(Place(field, number, "has no content"));
        }

        return new ChatMessage(JsonValues.Text(role, "role"), content) { Extra = hasMore ? (JsonObject)JsonValues.Node(item)! : null };
    }

    private static ChatMessage Shared(JsonElement item, JsonElement from, string field, int number)
    {
        if (from.ValueKind != JsonValueKind.String || !item.TryGetProperty("value", out var value))
        {
            throw new RowException(Place(field, number, "has no speaker or no value"));
        }

        var speaker = JsonValues.Text(from, "from");
        var text = Content(value, field, number) ?? throw new RowException(Place(field, number, "has no value"));
        if (speaker == "function_call" && ToolCalls(text) is { } calls)
        {
            return new ChatMessage("assistant", null)
            {
                Extra = new JsonObject { ["role"] = "assistant", ["content"] = null, ["tool_calls"] = calls },
            };
        }

        return new ChatMessage(Role(speaker), text);
    }

    /// <summary>A call, or a list of calls, written as JSON text: {name, arguments}.</summary>
    private static JsonArray? ToolCalls(string text)
    {
        JsonNode? parsed;
        try
        {
            parsed = JsonNode.Parse(text, documentOptions: JsonValues.DocumentOptions);
        }
        catch (JsonException)
        {
            return null;
        }

        var calls = parsed is JsonArray list ? list.ToList() : [parsed];
        if (calls.Count == 0 || !calls.All(c => c is JsonObject o && o.ContainsKey("name")))
        {
            return null;
        }

        return new JsonArray([.. calls.Select(c => new JsonObject { ["type"] = "function", ["function"] = c!.DeepClone() })]);
    }

    /// <summary>Text, or the text parts of a multi-part content.</summary>
    private static string? Content(JsonElement body, string field, int number)
    {
        switch (body.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.String:
                return JsonValues.Text(body, "content");
            case JsonValueKind.Array:
                var text = new StringBuilder();
                foreach (var part in body.EnumerateArray())
                {
                    if (part.ValueKind != JsonValueKind.Object || !part.TryGetProperty("text", out var piece))
                    {
                        throw new RowException(Place(field, number, "has a content part that is not text (images and sound are not supported)"));
                    }

                    text.Append(JsonValues.Text(piece, "text"));
                }

                return text.ToString();
            default:
                throw new RowException(Place(field, number, $"holds {JsonValues.Describe(body)} where text is expected"));
        }
    }

    private static string Place(string field, int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"message {number} of '{field}' {what}");
}
