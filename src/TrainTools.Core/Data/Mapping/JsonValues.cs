using System.Text.Json;
using System.Text.Json.Nodes;

namespace TrainTools.Core.Data.Mapping;

/// <summary>Takes values out of a row, or says what is wrong with them.</summary>
internal static class JsonValues
{
    public static JsonDocumentOptions DocumentOptions { get; } = new()
    {
        MaxDepth = 128,
        AllowDuplicateProperties = false,
    };

    /// <summary>The text of a field.</summary>
    public static string Text(JsonElement value, string field) => value.ValueKind == JsonValueKind.String
        ? String(value, field)
        : throw new RowException($"field '{field}' holds {Describe(value)} where text is expected");

    /// <summary>A text, a number or a truth value as it is written.</summary>
    public static string Label(JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.String => String(value, field),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => throw new RowException($"field '{field}' holds {Describe(value)} where a label is expected"),
    };

    /// <summary>A list of labels or words; also as JSON inside a string.</summary>
    public static string[] Labels(JsonElement value, string field)
    {
        using var inner = Unwrap(value);
        var list = inner?.RootElement ?? value;
        if (list.ValueKind != JsonValueKind.Array)
        {
            throw new RowException($"field '{field}' holds {Describe(value)} where a list is expected");
        }

        var result = new string[list.GetArrayLength()];
        var i = 0;
        foreach (var item in list.EnumerateArray())
        {
            result[i++] = Label(item, field);
        }

        return result;
    }

    /// <summary>JSON kept as text in a string (as CSV and some tool definitions have it); null if the value is no such string.</summary>
    public static JsonDocument? Unwrap(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var text = value.GetString()!;
        if (!text.AsSpan().TrimStart().StartsWith("[") && !text.AsSpan().TrimStart().StartsWith("{"))
        {
            return null;
        }

        try
        {
            return JsonDocument.Parse(text, DocumentOptions);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A copy that outlives the row.</summary>
    public static JsonNode? Node(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object => JsonObject.Create(value.Clone()),
        JsonValueKind.Array => JsonArray.Create(value.Clone()),
        _ => JsonValue.Create(value.Clone()),
    };

    /// <summary>The names of an object's fields; none if it is no object or not valid.</summary>
    public static IReadOnlyList<string> Names(ReadOnlySpan<byte> row)
    {
        var names = new List<string>();
        var json = new Utf8JsonReader(row, new JsonReaderOptions { MaxDepth = DocumentOptions.MaxDepth });
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return [];
            }

            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                names.Add(json.GetString()!);
                json.Skip();
            }

            return names;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    /// <summary>What a value is, in words.</summary>
    public static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => $"the number {value.GetRawText()}",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "null",
    };

    private static string String(JsonElement value, string field)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new RowException($"field '{field}' holds half of a surrogate pair (an escape such as \\ud800 alone)");
        }
    }
}
