using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TrainTools.Core.Data.Writing;

/// <summary>JSON Lines, or one JSON array with an object a line.</summary>
internal sealed class JsonSink : IRecordSink
{
    private readonly Stream _stream;
    private readonly bool _array;
    private readonly RecordJsonWriter _writer;
    private readonly ArrayBufferWriter<byte> _bytes = new(4096);
    private readonly Utf8JsonWriter _json;
    private bool _any;

    public JsonSink(Stream stream, bool array, DatasetWriterOptions options)
    {
        _stream = stream;
        _array = array;
        _writer = new RecordJsonWriter(options);
        _json = new Utf8JsonWriter(_bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 256 });
    }

    public void Write(TrainingRecord record)
    {
        _bytes.ResetWrittenCount();
        _json.Reset();
        _writer.Write(_json, record);
        _json.Flush();
        _stream.Write(_array ? (_any ? ",\n"u8 : "[\n"u8) : []);
        _stream.Write(_bytes.WrittenSpan);
        _stream.Write(_array ? [] : "\n"u8);
        _any = true;
    }

    public void Complete()
    {
        if (_array)
        {
            _stream.Write(_any ? "\n]\n"u8 : "[]\n"u8);
        }
    }

    public void Dispose() => _json.Dispose();
}
