using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Serialization;

/// <summary>
/// The header of a safetensors file: 8 bytes little-endian length, then JSON. The file comes from strangers, so nothing
/// in it is believed: the length is held against the file, shapes against overflow, and the tensors must lie one after
/// another without holes or overlap to the end of the file (https://github.com/huggingface/safetensors#format).
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>Largest header read, as in the reference implementation.</summary>
    public const long MaxHeaderLength = 100_000_000;

    /// <summary>Most dimensions of a tensor; far above any model's.</summary>
    public const int MaxDimensions = 64;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 8 };

    private SafetensorsHeader(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        Entries = entries;
        Metadata = metadata;
    }

    /// <summary>The tensors in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The header's __metadata__; empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Length of the JSON, checked against the file's length.</summary>
    /// <param name="firstBytes">The file's first bytes (8, fewer if the file is shorter).</param>
    /// <param name="fileLength">The file's length.</param>
    /// <param name="path">For messages.</param>
    public static int CheckedLength(ReadOnlySpan<byte> firstBytes, long fileLength, string path)
    {
        if (fileLength < 8 || firstBytes.Length < 8)
        {
            throw Truncated(path, $"it has {Text(fileLength)} bytes, and the length of the header alone takes 8");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(firstBytes);
        if (length > MaxHeaderLength)
        {
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"its header claims {length} bytes, more than the {MaxHeaderLength} allowed; this is not a safetensors file or it is damaged"));
        }

        if ((long)length > fileLength - 8)
        {
            throw Truncated(path, string.Create(CultureInfo.InvariantCulture, $"its header claims {length} bytes and the file has {fileLength - 8} after the length"));
        }

        return (int)length;
    }

    /// <summary>Reads the JSON.</summary>
    /// <param name="json">The header without the length.</param>
    /// <param name="fileLength">The file's length.</param>
    /// <param name="path">For messages.</param>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string path)
    {
        var parsed = new List<(SafetensorsEntry Entry, long Begin)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        long dataStart = 8 + json.Length;

        // The format asks for '{' as the first byte, so that no other JSON or text passes.
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw Invalid(path, "its header does not start with '{'");
        }

        var reader = new Utf8JsonReader(json, ReaderOptions);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!names.Add(name))
                {
                    throw Invalid(path, $"the name '{Shown(name)}' occurs twice in its header");
                }

                reader.Read();
                if (name == "__metadata__")
                {
                    ReadMetadata(ref reader, metadata, path);
                }
                else
                {
                    parsed.Add(ReadEntry(ref reader, name, dataStart, path));
                }
            }

            while (reader.Read())
            {
                // Trailing content is an error of the reader; trailing blanks are the format's padding.
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(path, $"its header is not valid JSON ({FirstSentence(e.Message)})", e);
        }

        return new SafetensorsHeader(InOrder(parsed, fileLength - dataStart, path), metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid(path, "the __metadata__ of its header is not an object of strings");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
            {
                throw Invalid(path, $"the __metadata__ entry '{Shown(key)}' of its header is not a string");
            }

            if (!metadata.TryAdd(key, reader.GetString()!))
            {
                throw Invalid(path, $"the __metadata__ entry '{Shown(key)}' occurs twice in its header");
            }
        }
    }

    private static (SafetensorsEntry Entry, long Begin) ReadEntry(ref Utf8JsonReader reader, string name, long dataStart, string path)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw Invalid(path, $"the header's entry of tensor '{Shown(name)}' is not an object");
        }

        string? dtypeName = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            bool repeated = key switch
            {
                "dtype" => dtypeName is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => false,
            };
            if (repeated)
            {
                throw Invalid(path, $"tensor '{Shown(name)}' has two '{key}' in the header");
            }

            switch (key)
            {
                case "dtype":
                    dtypeName = reader.GetString();
                    break;
                case "shape":
                    shape = ReadSizes(ref reader, MaxDimensions, name, key, path);
                    break;
                case "data_offsets":
                    offsets = ReadSizes(ref reader, 2, name, key, path);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (dtypeName is null || shape is null || offsets is not { Count: 2 })
        {
            throw Invalid(path, $"tensor '{Shown(name)}' lacks dtype, shape or two data_offsets in the header");
        }

        if (!SafetensorsDtypes.TryParse(dtypeName, out var dtype))
        {
            throw Invalid(path, $"tensor '{Shown(name)}' has the unknown dtype '{Shown(dtypeName)}'");
        }

        long expected = ByteLength(shape, dtype, name, path);
        long actual = offsets[1] - offsets[0];
        if (actual != expected)
        {
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"tensor '{Shown(name)}' of {dtypeName} [{string.Join(", ", shape)}] takes {expected} bytes, and its data_offsets span {actual}"));
        }

        return (new SafetensorsEntry(name, dtype, shape, dataStart + offsets[0], expected), offsets[0]);
    }

    private static List<long> ReadSizes(ref Utf8JsonReader reader, int most, string name, string key, string path)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw Invalid(path, $"the '{key}' of tensor '{Shown(name)}' is not a list");
        }

        var sizes = new List<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long size) || size < 0)
            {
                throw Invalid(path, $"the '{key}' of tensor '{Shown(name)}' holds something other than whole numbers from 0");
            }

            if (sizes.Count == most)
            {
                throw Invalid(path, $"the '{key}' of tensor '{Shown(name)}' has more than {Text(most)} numbers");
            }

            sizes.Add(size);
        }

        return sizes;
    }

    private static long ByteLength(List<long> shape, SafetensorsDtype dtype, string name, string path)
    {
        try
        {
            long length = dtype.ElementSize();
            foreach (long size in shape)
            {
                length = checked(length * size);
            }

            return length;
        }
        catch (OverflowException e)
        {
            throw Invalid(path, $"tensor '{Shown(name)}' has a shape whose size overflows: [{string.Join(", ", shape)}]", e);
        }
    }

    private static List<SafetensorsEntry> InOrder(List<(SafetensorsEntry Entry, long Begin)> parsed, long dataLength, string path)
    {
        parsed.Sort((a, b) => a.Begin != b.Begin
            ? a.Begin.CompareTo(b.Begin)
            : a.Entry.ByteLength.CompareTo(b.Entry.ByteLength));
        long end = 0;
        foreach (var (entry, begin) in parsed)
        {
            if (begin < end)
            {
                throw Invalid(path, $"tensor '{Shown(entry.Name)}' overlaps the tensor before it");
            }

            if (begin > end)
            {
                throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"there is a hole of {begin - end} bytes before tensor '{Shown(entry.Name)}'"));
            }

            end = begin + entry.ByteLength;
            if (end > dataLength)
            {
                throw Truncated(path, string.Create(CultureInfo.InvariantCulture, $"tensor '{Shown(entry.Name)}' ends at byte {end} of the data and the file has {dataLength}"));
            }
        }

        if (end < dataLength)
        {
            throw Invalid(path, string.Create(CultureInfo.InvariantCulture, $"{dataLength - end} bytes after the last tensor belong to none"));
        }

        return parsed.ConvertAll(p => p.Entry);
    }

    /// <summary>A name from the file, cut so that a hostile one cannot flood a message.</summary>
    private static string Shown(string name) => name.Length <= 200 ? name : name[..200] + "…";

    private static string FirstSentence(string message)
    {
        int stop = message.IndexOf(". ", StringComparison.Ordinal);
        return Shown(stop < 0 ? message.TrimEnd('.') : message[..stop]);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static TrainToolsException Invalid(string path, string what, Exception? inner = null) =>
        new(ErrorIds.SafetensorsInvalid, ErrorKind.InvalidData, $"'{path}' is not a valid safetensors file: {what}.", "Fetch the file again, and compare its size and hash with the source's.", path, inner);

    private static TrainToolsException Truncated(string path, string what) =>
        new(ErrorIds.SafetensorsTruncated, ErrorKind.InvalidData, $"'{path}' is incomplete: {what}.", "The download or copy was cut short; fetch the file again.", path);
}
