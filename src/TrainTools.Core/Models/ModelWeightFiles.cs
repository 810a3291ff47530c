using System.Text.Json;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Models;

/// <summary>Which files of a model folder hold the weights: one safetensors file, or the shards of an index.</summary>
public static class ModelWeightFiles
{
    /// <summary>The single file.</summary>
    public const string SingleName = "model.safetensors";

    /// <summary>The index of shards.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private const long MaxIndexLength = 100_000_000;

    private static readonly string[] PickleNames = ["pytorch_model.bin", "pytorch_model.bin.index.json", "model.bin", "model.pt", "pytorch_model.pt", "consolidated.00.pth"];

    /// <summary>
    /// The weights' files, each existing, in order of name; the single file wins over an index, as in transformers.
    /// Errors: ModelWeightsMissing, ModelWeightsPickled, ModelIndexInvalid, ModelShardMissing.
    /// </summary>
    public static IReadOnlyList<string> Find(string folder)
    {
        string single = Path.Combine(folder, SingleName);
        if (File.Exists(single))
        {
            return [single];
        }

        string index = Path.Combine(folder, IndexName);
        if (File.Exists(index))
        {
            return Shards(folder, index);
        }

        string? pickle = PickleNames.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
            ?? Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal).FirstOrDefault(f => Path.GetExtension(f).ToLowerInvariant() is ".bin" or ".pt" or ".pth" or ".ckpt" or ".pkl");
        if (pickle is not null)
        {
            throw new TrainToolsException(
                ErrorIds.ModelWeightsPickled,
                ErrorKind.NotSupported,
                $"The weights in '{pickle}' are a Python pickle, which can run any program when it is read; TrainTools reads safetensors only.",
                "Convert them once with transformers (model.save_pretrained writes safetensors), or fetch the repository's safetensors files, often on a branch of their own.",
                pickle);
        }

        throw new TrainToolsException(ErrorIds.ModelWeightsMissing, ErrorKind.NotFound, $"The folder '{folder}' has neither {SingleName} nor {IndexName}.", "Fetch the model's safetensors files into the folder.", folder);
    }

    private static List<string> Shards(string folder, string index)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        try
        {
            if (new FileInfo(index).Length > MaxIndexLength)
            {
                throw Invalid(index, "it is too large");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out var map)
                || map.ValueKind != JsonValueKind.Object)
            {
                throw Invalid(index, "it has no weight_map");
            }

            foreach (var entry in map.EnumerateObject())
            {
                names.Add(CheckedName(entry, index));
            }
        }
        catch (JsonException e)
        {
            throw Invalid(index, $"it is not valid JSON: {e.Message.TrimEnd('.')}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"'{index}' could not be read: {e.Message}", null, index, e);
        }

        if (names.Count == 0)
        {
            throw Invalid(index, "its weight_map is empty");
        }

        var files = names.Select(n => Path.Combine(folder, n)).ToList();
        string? missing = files.Find(f => !File.Exists(f));
        if (missing is not null)
        {
            throw new TrainToolsException(ErrorIds.ModelShardMissing, ErrorKind.NotFound, $"'{index}' names the file '{Path.GetFileName(missing)}', which is not in the folder.", "Fetch the missing file; all shards must lie beside the index.", missing);
        }

        return files;
    }

    private static string CheckedName(JsonProperty entry, string index)
    {
        string? name = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;

        // The index comes from strangers: a name with a path in it could reach any file.
        if (string.IsNullOrEmpty(name) || name != Path.GetFileName(name) || name.IndexOfAny(['/', '\\', ':', '\0']) >= 0 || name is "." or "..")
        {
            throw Invalid(index, $"the file name of '{entry.Name}' is not a plain file name");
        }

        return name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? name
            : throw Invalid(index, $"it names '{name}', which is not a safetensors file");
    }

    private static TrainToolsException Invalid(string path, string what, Exception? inner = null) =>
        new(ErrorIds.ModelIndexInvalid, ErrorKind.InvalidData, $"'{path}' is not a valid index of shards: {what}.", "Fetch the index again.", path, inner);
}
