using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

using TrainTools.Core.Cleaning.Storage;

namespace TrainTools.Core.Data.Writing;

/// <summary>
/// Layouts with columns, which must be known before the first row can be written: rows are kept aside (on disk beyond 64 MB)
/// until the last one.
/// </summary>
internal abstract class TableSink(DatasetWriterOptions options) : IRecordSink
{
    private const long MemoryBytes = 64 << 20;
    private readonly TextSpool _rows = new(MemoryBytes);
    private readonly RecordJsonWriter _writer = new(options);
    private readonly List<string> _columns = [];

    /// <summary>Names of the columns, in the order in which they first came.</summary>
    protected IReadOnlyList<string> Columns => _columns;

    /// <summary>Number of rows.</summary>
    protected int Count => _rows.Count;

    public void Write(TrainingRecord record)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 }))
        {
            _writer.Write(json, record);
        }

        var text = Encoding.UTF8.GetString(bytes.WrittenSpan);
        using var row = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        foreach (var property in row.RootElement.EnumerateObject())
        {
            if (!_columns.Contains(property.Name))
            {
                _columns.Add(property.Name);
            }
        }

        _rows.Add(text);
    }

    public abstract void Complete();

    public void Dispose() => _rows.Dispose();

    /// <summary>A row.</summary>
    protected JsonObject Row(int index) => (JsonObject)JsonNode.Parse(_rows[index], documentOptions: new JsonDocumentOptions { MaxDepth = 256 })!;

    /// <summary>A value as the text of one cell: text as it is, lists and objects as JSON, nothing for null.</summary>
    protected static string Cell(JsonNode? value) => value switch
    {
        null => "",
        JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String => scalar.GetValue<string>(),
        _ => value.ToJsonString(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }),
    };
}

/// <summary>CSV (RFC 4180) or TSV with a header.</summary>
internal sealed class DelimitedSink(Stream stream, bool tabs, string path, DatasetWriterOptions options) : TableSink(options)
{
    private static readonly SearchValues<char> NeedQuotes = SearchValues.Create(",\"\r\n");

    public override void Complete()
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16, leaveOpen: true);
        writer.Write(string.Join(tabs ? '\t' : ',', Columns.Select((c, _) => Quote(c, 0))));
        writer.Write('\n');
        for (var i = 0; i < Count; i++)
        {
            var row = Row(i);
            writer.Write(string.Join(tabs ? '\t' : ',', Columns.Select(c => Quote(Cell(row[c]), i))));
            writer.Write('\n');
        }
    }

    private string Quote(string cell, int row)
    {
        if (!tabs)
        {
            return cell.AsSpan().ContainsAny(NeedQuotes) || (cell.Length > 0 && (cell[0] == ' ' || cell[^1] == ' '))
                ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                : cell;
        }

        if (cell.AsSpan().ContainsAny('\t', '\n', '\r'))
        {
            throw PlainSink.Unfit(path, new TrainingRecord { Shape = RecordShape.Text, Index = row }, "a cell of a TSV file can hold neither tabs nor line breaks");
        }

        return cell is ['"', .., '"'] && cell.AsSpan(1, cell.Length - 2).Contains('"')
            ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : cell;
    }
}
