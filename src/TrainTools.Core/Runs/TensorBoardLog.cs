using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace TrainTools.Core.Runs;

/// <summary>
/// A TensorBoard event file: records framed as TFRecord (length, its checksum, data, its checksum), each an Event message
/// with scalar values. Only what scalars need of the format is written.
/// </summary>
public sealed class TensorBoardLog : IDisposable
{
    private readonly FileStream stream;

    private TensorBoardLog(FileStream stream) => this.stream = stream;

    /// <summary>Starts a new event file in a folder; TensorBoard reads several of one run in the order of their names.</summary>
    public static TensorBoardLog Create(string folder)
    {
        var now = DateTimeOffset.UtcNow;
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{now.ToUnixTimeSeconds()}.{Environment.MachineName}.{Environment.ProcessId}.0");
        var log = new TensorBoardLog(new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete));
        log.Write(Event(now, 0, message => message.Text(3, "brain.Event:2")));
        log.stream.Flush();
        return log;
    }

    /// <summary>Appends scalars of one step.</summary>
    /// <param name="step">Optimizer steps done.</param>
    /// <param name="scalars">Values by tag (train/loss, eval/loss, …).</param>
    public void Append(int step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        var summary = new Message();
        foreach (var (tag, value) in scalars)
        {
            var scalar = new Message();
            scalar.Text(1, tag);
            scalar.Float(2, (float)value);
            summary.Bytes(1, scalar.ToArray());
        }

        Write(Event(DateTimeOffset.UtcNow, step, message => message.Bytes(5, summary.ToArray())));
        stream.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    /// <summary>The checksum of the format: CRC-32C, turned and shifted so that a checksum of checksums stays one.</summary>
    public static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }

    private static byte[] Event(DateTimeOffset time, int step, Action<Message> what)
    {
        var message = new Message();
        message.Double(1, time.ToUnixTimeMilliseconds() / 1000.0);
        message.Integer(2, step);
        what(message);
        return message.ToArray();
    }

    private void Write(byte[] data)
    {
        Span<byte> frame = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(frame, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[8..], MaskedChecksum(frame[..8]));
        stream.Write(frame);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32LittleEndian(frame, MaskedChecksum(data));
        stream.Write(frame[..4]);
    }

    /// <summary>A Protocol Buffers message under construction.</summary>
    private sealed class Message
    {
        private readonly ArrayBufferWriter<byte> bytes = new();

        public void Integer(int field, long value)
        {
            Key(field, 0);
            Variable((ulong)value);
        }

        public void Double(int field, double value)
        {
            Key(field, 1);
            Span<byte> buffer = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(buffer, value);
            bytes.Write(buffer);
        }

        public void Float(int field, float value)
        {
            Key(field, 5);
            Span<byte> buffer = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(buffer, value);
            bytes.Write(buffer);
        }

        public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

        public void Bytes(int field, byte[] value)
        {
            Key(field, 2);
            Variable((ulong)value.Length);
            bytes.Write(value);
        }

        public byte[] ToArray() => bytes.WrittenSpan.ToArray();

        private void Key(int field, int wireType) => Variable((ulong)((field << 3) | wireType));

        private void Variable(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                bytes.Write([(byte)(value | 0x80)]);
            }

            bytes.Write([(byte)value]);
        }
    }
}
