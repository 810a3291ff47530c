using System.Buffers;
using System.Text.Json;

using TrainTools.Core.Data.Mapping;
using TrainTools.Core.Data.Sources;

namespace TrainTools.Core.Data;

/// <summary>A mapped row: its record, or what is wrong with it.</summary>
internal readonly record struct MappedRow(TrainingRecord? Record, DatasetProblem? Problem);

/// <summary>Makes records of rows, on the calling thread or on several ahead of it; the order stays.</summary>
internal sealed class RowMapping(DatasetReaderOptions options)
{
    private const int BatchRows = 256;
    private const int BatchBytes = 1 << 18;

    private readonly RecordMapper _mapper = new(options);
    private readonly PlainRows _plain = new(options);

    /// <summary>Maps the rows of a file.</summary>
    public IEnumerable<MappedRow> Map(IEnumerable<SourceRow> rows, string file) =>
        options.Threads > 1 ? MapAhead(rows, file) : rows.Select(row => Map(row, file));

    private IEnumerable<MappedRow> MapAhead(IEnumerable<SourceRow> rows, string file)
    {
        // What is still under way when the caller stops early ends by itself: it touches nothing but its own batch.
        var running = new Queue<Task<MappedRow[]>>();
        foreach (var batch in Batches(rows))
        {
            running.Enqueue(Task.Run(() => Map(batch, file)));
            if (running.Count > options.Threads)
            {
                foreach (var mapped in running.Dequeue().GetAwaiter().GetResult())
                {
                    yield return mapped;
                }
            }
        }

        while (running.TryDequeue(out var task))
        {
            foreach (var mapped in task.GetAwaiter().GetResult())
            {
                yield return mapped;
            }
        }
    }

    /// <summary>Copies rows, whose bytes hold only until the next is asked for.</summary>
    private static IEnumerable<Batch> Batches(IEnumerable<SourceRow> rows)
    {
        var batch = new Batch(BatchBytes);
        foreach (var row in rows)
        {
            if (batch.Rows.Count == BatchRows || (batch.Rows.Count > 0 && batch.Length + row.Json.Length > BatchBytes))
            {
                yield return batch;
                batch = new Batch(Math.Max(BatchBytes, row.Json.Length));
            }

            batch.Add(row);
        }

        yield return batch;
    }

    private MappedRow[] Map(Batch batch, string file)
    {
        try
        {
            return [.. batch.Rows.Select(row => Map(row, file))];
        }
        finally
        {
            batch.Release();
        }
    }

    private MappedRow Map(SourceRow row, string file)
    {
        if (row.Problem is not null)
        {
            return new MappedRow(null, new DatasetProblem(file, row.Line, row.Problem));
        }

        try
        {
            var record = _plain.Read(row.Json.Span);
            if (record is null)
            {
                using var json = JsonDocument.Parse(row.Json, JsonValues.DocumentOptions);
                record = _mapper.Map(json.RootElement);
            }

            return new MappedRow(record.At(file, row.Line), null);
        }
        catch (JsonException e)
        {
            return new MappedRow(null, new DatasetProblem(file, row.Line, JsonReason(e)));
        }
        catch (RowException e)
        {
            return new MappedRow(null, new DatasetProblem(file, row.Line, e.Message) { ErrorId = e.ErrorId });
        }
    }

    /// <summary>What the JSON parser said, without its own count of lines.</summary>
    private static string JsonReason(JsonException e)
    {
        var text = e.Message;
        var end = text.IndexOf(" LineNumber:", StringComparison.Ordinal);
        text = (end > 0 ? text[..end] : text).TrimEnd('.', ' ');
        return e.BytePositionInLine is { } position
            ? FormattableString.Invariant($"not valid JSON at byte {position + 1}: {text}")
            : $"not valid JSON: {text}";
    }

    /// <summary>Rows with bytes of their own.</summary>
    private sealed class Batch(int capacity)
    {
        private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

        public List<SourceRow> Rows { get; } = new(BatchRows);

        public int Length { get; private set; }

        public void Add(SourceRow row)
        {
            if (Length + row.Json.Length > _bytes.Length)
            {
                // Only for the first row of a batch, which may be of any length.
                Release();
                _bytes = ArrayPool<byte>.Shared.Rent(row.Json.Length);
            }

            row.Json.CopyTo(_bytes.AsMemory(Length));
            Rows.Add(row with { Json = _bytes.AsMemory(Length, row.Json.Length) });
            Length += row.Json.Length;
        }

        public void Release()
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = [];
        }
    }
}
