using System.Buffers.Binary;
using System.Text.Json;
using TrainTools.Core.Files;

namespace TrainTools.Core.Serialization;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Name in the header.</param>
/// <param name="Dtype">Element type.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Write">Writes exactly the tensor's bytes, little-endian, row-major.</param>
public sealed record SafetensorsItem(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <summary>Bytes it takes.</summary>
    public long ByteLength => Shape.Aggregate((long)Dtype.ElementSize(), (n, size) => checked(n * size));
}

/// <summary>
/// Writes safetensors files: header padded to 8 bytes, to a temporary name beside the target, flushed to the disk, then
/// renamed, so that a crash leaves the old file or the new one and never half of one.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Metadata that says the tensors are PyTorch's; transformers asks for it.</summary>
    public static IReadOnlyDictionary<string, string> PyTorchMetadata { get; } = new Dictionary<string, string> { ["format"] = "pt" };

    /// <summary>Writes a file; the tensors lie in the order given, wider types first so that each is aligned to its element.</summary>
    public static void Write(string path, IReadOnlyCollection<SafetensorsItem> items, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // A stable sort: within one element size the order given stays.
        var ordered = items.OrderByDescending(i => i.Dtype.ElementSize()).ToList();
        byte[] header = Header(ordered, metadata ?? PyTorchMetadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var item in ordered)
            {
                long before = stream.Position;
                item.Write(stream);
                if (stream.Position - before != item.ByteLength)
                {
                    throw new InvalidOperationException($"Tensor '{item.Name}' wrote {stream.Position - before} bytes where its shape takes {item.ByteLength}.");
                }
            }
        });
    }

    private static byte[] Header(List<SafetensorsItem> items, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata)
                {
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach (var item in items)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.Dtype.HeaderName());
                json.WriteStartArray("shape");
                foreach (long size in item.Shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(begin);
                json.WriteNumberValue(begin += item.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Blanks after the JSON are the format's padding; the data then starts at a multiple of 8.
        while (buffer.Length % 8 != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        return buffer.ToArray();
    }
}
