using System.Text.Json;

using TrainTools.Core.Cleaning.Storage;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>Collects records one by one: in memory up to a budget, in a temporary file beyond it.</summary>
public sealed class RecordSpool : IRecordSource, IDisposable
{
    private readonly long _memoryBytes;
    private readonly List<TrainingRecord> _memory = [];
    private readonly TextSpool _rest = new(0);
    private readonly List<string> _files = [];
    private long _bytes;

    /// <summary>Makes an empty spool.</summary>
    /// <param name="memoryBytes">Bytes of text held in memory.</param>
    public RecordSpool(long memoryBytes) => _memoryBytes = memoryBytes;

    /// <summary>Records added.</summary>
    public int Count => _memory.Count + _rest.Count;

    /// <summary>Bytes in the temporary file.</summary>
    public long SpilledBytes => _rest.SpilledBytes;

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => _files;

    /// <summary>The record with a number.</summary>
    public TrainingRecord this[int index] => index < _memory.Count
        ? _memory[index]
        : JsonSerializer.Deserialize<TrainingRecord>(_rest[index - _memory.Count], Json)!;

    private static JsonSerializerOptions Json { get; } = new() { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull, MaxDepth = 256 };

    /// <summary>Adds the next record.</summary>
    public void Add(TrainingRecord record)
    {
        if (record.SourceFile is not null && (_files.Count == 0 || _files[^1] != record.SourceFile) && !_files.Contains(record.SourceFile))
        {
            _files.Add(record.SourceFile);
        }

        if (_rest.Count == 0 && _bytes < _memoryBytes)
        {
            _bytes += RecordSize.Of(record);
            _memory.Add(record);
        }
        else
        {
            _rest.Add(JsonSerializer.Serialize(record, Json));
        }
    }

    /// <inheritdoc/>
    public IEnumerable<TrainingRecord> Read(CancellationToken cancellationToken)
    {
        for (var i = 0; i < Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return this[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _rest.Dispose();
}
