using System.Buffers.Binary;
using System.Text;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics.Logs;

/// <summary>
/// Reads scalars of TensorBoard event files: TFRecord frames, both checksums looked at, each an Event message whose summary
/// holds values either as simple_value or as a tensor of one element.
/// </summary>
internal static class TensorBoardEvents
{
    private const int MostBytes = 256 << 20;

    /// <summary>Reads the event files of one run, in the order of their names; a later file replaces what it does again.</summary>
    public static TrainingLog Read(string path, IReadOnlyList<string> files)
    {
        var problems = new List<string>();
        var rows = new SortedDictionary<int, LogRow>();
        foreach (var file in files.Order(StringComparer.Ordinal))
        {
            var scalars = ReadFile(file, problems);
            if (scalars.Count > 0)
            {
                var first = scalars.Min(s => s.Step);
                foreach (var later in rows.Keys.Where(s => s >= first && s > 0 && IsTraining(scalars)).ToList())
                {
                    rows.Remove(later);
                }
            }

            foreach (var (step, tag, value) in scalars)
            {
                if (!rows.TryGetValue(step, out var row))
                {
                    rows[step] = row = new LogRow();
                    row.Set("step", step);
                }

                row.Set(tag, value);
            }
        }

        return LogAssembly.Make(path, "TensorBoard events", [.. rows.Values], problems);
    }

    // Some tools write evaluations to a file of their own; such a file continues nothing.
    private static bool IsTraining(List<(int Step, string Tag, double Value)> scalars) => scalars.Any(s => s.Tag.StartsWith("train", StringComparison.OrdinalIgnoreCase) || s.Tag == "loss");

    private static List<(int Step, string Tag, double Value)> ReadFile(string file, List<string> problems)
    {
        var scalars = new List<(int, string, double)>();
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> head = stackalloc byte[12];
        Span<byte> tail = stackalloc byte[4];
        for (var record = 1; ; record++)
        {
            var at = stream.Position;
            var got = stream.ReadAtLeast(head, 12, throwOnEndOfStream: false);
            if (got == 0)
            {
                return scalars;
            }

            string? problem = null;
            byte[] data = [];
            var length = got == 12 ? BinaryPrimitives.ReadUInt64LittleEndian(head) : 0;
            if (got < 12)
            {
                problem = "it breaks off";
            }
            else if (BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) != TensorBoardLog.MaskedChecksum(head[..8]) || length > MostBytes)
            {
                problem = "the checksum of its length is wrong";
            }
            else
            {
                data = new byte[length];
                if (stream.ReadAtLeast(data, data.Length, throwOnEndOfStream: false) < data.Length || stream.ReadAtLeast(tail, 4, throwOnEndOfStream: false) < 4)
                {
                    problem = "it breaks off";
                }
                else if (BinaryPrimitives.ReadUInt32LittleEndian(tail) != TensorBoardLog.MaskedChecksum(data))
                {
                    problem = "its checksum is wrong";
                }
            }

            if (problem is null && !TryReadEvent(data, scalars))
            {
                problem = "it is no event message";
            }

            if (problem is not null)
            {
                problems.Add($"{Path.GetFileName(file)}: record {record} at byte {at} is damaged ({problem}); the {record - 1} records before it were read.");
                return scalars;
            }
        }
    }

    private static bool TryReadEvent(ReadOnlySpan<byte> message, List<(int, string, double)> scalars)
    {
        long step = 0;
        ReadOnlySpan<byte> summary = default;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            if (reader.Field == 2)
            {
                step = (long)reader.Varint;
            }
            else if (reader.Field == 5)
            {
                summary = reader.Bytes;
            }
        }

        if (reader.IsBroken)
        {
            return false;
        }

        var values = new ProtobufReader(summary);
        while (values.Next())
        {
            if (values.Field == 1 && ReadValue(values.Bytes) is { } scalar)
            {
                scalars.Add(((int)Math.Min(step, int.MaxValue), scalar.Tag, scalar.Value));
            }
        }

        return !values.IsBroken;
    }

    private static (string Tag, double Value)? ReadValue(ReadOnlySpan<byte> message)
    {
        string? tag = null;
        double? value = null;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    tag = Encoding.UTF8.GetString(reader.Bytes);
                    break;
                case 2 when reader.Wire == 5:
                    value = reader.Float;
                    break;
                case 8:
                    value = ReadTensor(reader.Bytes);
                    break;
            }
        }

        return tag is not null && value is { } v ? (tag, v) : null;
    }

    // A scalar tensor: type 1 (float) or 2 (double), its element in tensor_content or in float_val / double_val.
    private static double? ReadTensor(ReadOnlySpan<byte> message)
    {
        var type = 0UL;
        ReadOnlySpan<byte> content = default;
        var reader = new ProtobufReader(message);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    type = reader.Varint;
                    break;
                case 4 or 5 or 6 when reader.Wire == 2:
                    content = reader.Bytes;
                    break;
                case 5 when reader.Wire == 5:
                    return reader.Float;
                case 6 when reader.Wire == 1:
                    return reader.Double;
            }
        }

        return (type, content.Length) switch
        {
            (1, 4) => BinaryPrimitives.ReadSingleLittleEndian(content),
            (2, 8) => BinaryPrimitives.ReadDoubleLittleEndian(content),
            _ => null,
        };
    }
}
