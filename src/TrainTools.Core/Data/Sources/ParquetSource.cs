using System.Collections;
using System.Globalization;
using System.Text.Json;

using Parquet;
using Parquet.Serialization;

namespace TrainTools.Core.Data.Sources;

/// <summary>Rows of a Parquet file, a row group at a time. The line of a row is its number.</summary>
internal sealed class ParquetSource(Stream stream, string file) : IRowSource
{
    public IEnumerable<SourceRow> Read()
    {
        using var writer = new RowWriter();
        var groups = RowGroups(out var problem);
        long row = 0;
        for (var group = 0; group < groups && problem is null; group++)
        {
            var rows = ReadGroup(group, out problem);
            foreach (var fields in rows)
            {
                row++;
                var json = writer.Begin();
                foreach (var (name, value) in fields)
                {
                    json.WritePropertyName(name);
                    Write(json, value);
                }

                yield return new SourceRow(row, writer.End(), null);
            }
        }

        if (problem is not null)
        {
            yield return SourceRow.Bad(row + 1, problem);
        }
    }

    private int RowGroups(out string? problem)
    {
        problem = null;
        try
        {
            var reader = ParquetReader.CreateAsync(stream, leaveStreamOpen: true).GetAwaiter().GetResult();
            var count = reader.RowGroupCount;
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return count;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problem = Damaged(e);
            return 0;
        }
    }

    private IEnumerable<IDictionary<string, object?>> ReadGroup(int group, out string? problem)
    {
        problem = null;
        try
        {
            stream.Position = 0;
            var result = ParquetSerializer.DeserializeUntypedAsync(stream, rowGroupIndex: group).GetAwaiter().GetResult();
            return result.Data.Cast<IDictionary<string, object?>>();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            problem = Damaged(e);
            return [];
        }
    }

    private string Damaged(Exception e) => $"not a readable Parquet file ({Path.GetFileName(file)}: {e.Message.TrimEnd('.')})";

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case byte[] bytes:
                json.WriteBase64StringValue(bytes);
                break;
            case double number when !double.IsFinite(number):
            case float single when !float.IsFinite(single):
                json.WriteNullValue();
                break;
            case double or float or decimal or long or int or short or sbyte or ulong or uint or ushort or byte:
                json.WriteRawValue(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                break;
            case IDictionary map:
                json.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    json.WritePropertyName(Convert.ToString(entry.Key, CultureInfo.InvariantCulture) ?? "");
                    Write(json, entry.Value);
                }

                json.WriteEndObject();
                break;
            case IEnumerable list:
                json.WriteStartArray();
                foreach (var item in list)
                {
                    Write(json, item);
                }

                json.WriteEndArray();
                break;
            case DateTime time:
                json.WriteStringValue(time);
                break;
            default:
                json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
