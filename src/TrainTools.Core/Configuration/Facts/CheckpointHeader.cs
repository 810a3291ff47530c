using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>
/// Names, types and shapes of a checkpoint's tensors, from the safetensors headers alone: what the rules and the forecast
/// need, in milliseconds for any model. Reading the tensors themselves is the trainer's business.
/// </summary>
internal static class CheckpointHeader
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const long MaxHeader = 100_000_000;

    /// <summary>The tensors of a model folder; empty where it holds no safetensors file.</summary>
    /// <exception cref="TrainToolsException">SafetensorsInvalid or SafetensorsTruncated.</exception>
    public static IReadOnlyList<ParameterFacts> ReadFolder(string folder)
    {
        var single = Path.Combine(folder, SingleFile);
        if (File.Exists(single))
        {
            return ReadFile(single);
        }

        var index = Path.Combine(folder, IndexFile);
        return File.Exists(index) ? [.. Shards(index).SelectMany(ReadFile)] : [];
    }

    private static List<string> Shards(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            var names = document.RootElement.GetProperty("weight_map").EnumerateObject().Select(e => e.Value.GetString()!).Distinct().ToList();
            var folder = Path.GetDirectoryName(index)!;
            var bad = names.Find(n => n is null || n != Path.GetFileName(n));
            if (bad is not null || names.Count == 0)
            {
                throw Invalid(index, $"it names '{bad}', which is not a file of the folder");
            }

            return names.ConvertAll(n => Path.Combine(folder, n));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Invalid(index, "it is not a weight index", e);
        }
    }

    private static List<ParameterFacts> ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.SafetensorsInvalid, ErrorKind.NotFound, $"The weight file {path} does not exist, but the index names it.", "Download the model again.", path);
        }

        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[8];
        if (file.ReadAtLeast(start, 8, throwOnEndOfStream: false) < 8)
        {
            throw Truncated(path);
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > MaxHeader)
        {
            throw Invalid(path, $"its header claims {length.ToString("N0", CultureInfo.InvariantCulture)} bytes");
        }

        if ((long)length > file.Length - 8)
        {
            throw Truncated(path);
        }

        var header = new byte[length];
        file.ReadExactly(header);
        try
        {
            using var document = JsonDocument.Parse(header);
            var tensors = new List<ParameterFacts>();
            long end = 0;
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (entry.Name == "__metadata__")
                {
                    continue;
                }

                var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(d => d.GetInt64()).ToArray();
                tensors.Add(new ParameterFacts(entry.Name, entry.Value.GetProperty("dtype").GetString() ?? string.Empty, shape));
                end = Math.Max(end, entry.Value.GetProperty("data_offsets")[1].GetInt64());
            }

            return end > file.Length - 8 - (long)length ? throw Truncated(path) : tensors;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw Invalid(path, "its header is not a safetensors header", e);
        }
    }

    private static TrainToolsException Truncated(string path) =>
        new(ErrorIds.SafetensorsTruncated, ErrorKind.InvalidData, $"The weight file {path} is cut off.", "Download or copy it again.", path);

    private static TrainToolsException Invalid(string path, string what, Exception? inner = null) =>
        new(ErrorIds.SafetensorsInvalid, ErrorKind.InvalidData, $"The file {path} cannot be used: {what}.", "Download or copy it again.", path, inner);
}
