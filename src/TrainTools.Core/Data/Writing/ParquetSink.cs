using System.Text.Json;
using System.Text.Json.Nodes;

using Parquet;
using Parquet.Schema;
using Parquet.Serialization;

using TrainTools.Core.Errors;

namespace TrainTools.Core.Data.Writing;

/// <summary>
/// Parquet. Columns of text, whole numbers, numbers and truth values keep their kind; lists of text and lists of messages
/// are nested columns; anything else is text with JSON in it.
/// </summary>
internal sealed class ParquetSink(Stream stream, DatasetWriterOptions options) : TableSink(options)
{
    private const int RowGroup = 50_000;

    private enum Kind
    {
        None,
        Flag,
        Whole,
        Number,
        Text,
        Texts,
        Messages,
        Json,
    }

    public override void Complete()
    {
        if (Columns.Count == 0)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetEmpty, ErrorKind.InvalidData, "There is no record to write: a Parquet file has the columns of its records.",
                "Look at the command in front, or write JSON Lines (.jsonl), which may be empty.");
        }

        var kinds = Kinds();
        var schema = new ParquetSchema(Columns.Select(c => Field(c, kinds[c])).ToList());

        // The library wants to read lengths back while it writes, which a compressed or plain output stream cannot give.
        using var whole = new MemoryStream();
        for (var start = 0; start < Math.Max(1, Count); start += RowGroup)
        {
            var rows = new List<IDictionary<string, object?>>();
            for (var i = start; i < Math.Min(Count, start + RowGroup); i++)
            {
                var row = Row(i);
                rows.Add(Columns.ToDictionary(c => c, c => Value(row[c], kinds[c])));
            }

            whole.Position = 0;
            ParquetSerializer.SerializeUntypedAsync(rows!, schema, whole, new ParquetOptions { Append = start > 0 }).GetAwaiter().GetResult();
        }

        whole.Position = 0;
        whole.CopyTo(stream);
    }

    private Dictionary<string, Kind> Kinds()
    {
        var kinds = Columns.ToDictionary(c => c, _ => Kind.None);
        for (var i = 0; i < Count; i++)
        {
            foreach (var (name, value) in Row(i))
            {
                kinds[name] = Join(kinds[name], KindOf(value));
            }
        }

        return kinds;
    }

    private static Kind Join(Kind a, Kind b) => (a, b) switch
    {
        _ when a == b || b == Kind.None => a,
        (Kind.None, _) => b,
        (Kind.Whole, Kind.Number) or (Kind.Number, Kind.Whole) => Kind.Number,
        (Kind.Texts, Kind.Messages) or (Kind.Messages, Kind.Texts) => Kind.Json,
        _ when a is Kind.Texts or Kind.Messages or Kind.Json || b is Kind.Texts or Kind.Messages or Kind.Json => Kind.Json,
        _ => Kind.Text,
    };

    private static Kind KindOf(JsonNode? value) => value switch
    {
        null => Kind.None,
        JsonArray list when list.All(i => i is JsonValue v && v.GetValueKind() == JsonValueKind.String) => Kind.Texts,
        JsonArray list when list.All(i => i is JsonObject) => Kind.Messages,
        JsonArray or JsonObject => Kind.Json,
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => Kind.Text,
            JsonValueKind.Number => value.AsValue().TryGetValue<long>(out _) ? Kind.Whole : Kind.Number,
            _ => Kind.Flag,
        },
    };

    private static Field Field(string name, Kind kind) => kind switch
    {
        Kind.Flag => new DataField<bool?>(name),
        Kind.Whole => new DataField<long?>(name),
        Kind.Number => new DataField<double?>(name),
        Kind.Texts => new ListField(name, new DataField<string>("element")),
        Kind.Messages => new ListField(name, new StructField("element", new DataField<string>("role"), new DataField<string>("content"), new DataField<string>("more"))),
        _ => new DataField<string>(name),
    };

    private static object? Value(JsonNode? value, Kind kind) => value is null
        ? null
        : kind switch
        {
            Kind.Flag => value.GetValue<bool>(),
            Kind.Whole => value.GetValue<long>(),
            Kind.Number => value.GetValue<double>(),
            Kind.Texts => value.AsArray().Select(v => v!.GetValue<string>()).ToList(),
            Kind.Messages => value.AsArray().Select(v => (IDictionary<string, object?>)Message((JsonObject)v!)).ToList(),
            _ => Cell(value),
        };

    /// <summary>Role and content as they are; the rest of a turn as JSON in one field.</summary>
    private static Dictionary<string, object?> Message(JsonObject turn)
    {
        var rest = new JsonObject();
        foreach (var (name, value) in turn)
        {
            if (name is not ("role" or "content"))
            {
                rest[name] = value?.DeepClone();
            }
        }

        return new Dictionary<string, object?>
        {
            ["role"] = (string?)turn["role"],
            ["content"] = (string?)turn["content"],
            ["more"] = rest.Count > 0 ? rest.ToJsonString() : null,
        };
    }
}
