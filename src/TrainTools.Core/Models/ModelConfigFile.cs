using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Models;

/// <summary>
/// A model folder's config.json with typed reads. Absent and null mean the same: the default. Every error names the
/// file and the key. The document itself is kept, so that it can be saved with the fields nobody here knows.
/// </summary>
public sealed class ModelConfigFile
{
    /// <summary>The file's name in a model folder.</summary>
    public const string FileName = "config.json";

    /// <summary>Largest config read; real ones have a few thousand bytes, with long label lists perhaps a million.</summary>
    private const long MaxLength = 16_000_000;

    private readonly JsonObject json;
    private readonly string location;

    private ModelConfigFile(string path, JsonObject json, string location = "")
    {
        Path = path;
        this.json = json;
        this.location = location;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The document.</summary>
    public JsonObject Json => json;

    /// <summary>The family's name, as transformers writes it.</summary>
    public string ModelType => TextOrNull("model_type") is { Length: > 0 } type
        ? type
        : throw new TrainToolsException(ErrorIds.ModelTypeMissing, ErrorKind.InvalidData, $"'{Path}' has no model_type, so the model's family is unknown.", "Use the config.json that belongs to the weights; transformers always writes model_type.", Path);

    /// <summary>Reads the config.json of a model folder. Errors: ModelFolderNotFound, ModelConfigMissing, ModelConfigInvalid, ModelFileUnreadable.</summary>
    public static ModelConfigFile Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new TrainToolsException(ErrorIds.ModelFolderNotFound, ErrorKind.NotFound, $"There is no model folder '{folder}'.", "Give a folder that holds config.json, *.safetensors and tokenizer.json, as a Hugging Face download does.", folder);
        }

        string path = System.IO.Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.ModelConfigMissing, ErrorKind.NotFound, $"The folder '{folder}' has no config.json.", "Give the folder of the model itself, with config.json beside the weights.", folder);
        }

        try
        {
            if (new FileInfo(path).Length > MaxLength)
            {
                throw Invalid(path, $"it is larger than {MaxLength.ToString(CultureInfo.InvariantCulture)} bytes");
            }

            return Parse(File.ReadAllBytes(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnreadable, ErrorKind.IO, $"'{path}' could not be read: {e.Message}", null, path, e);
        }
    }

    /// <summary>Reads a config's text; the path is for messages.</summary>
    public static ModelConfigFile Parse(ReadOnlySpan<byte> utf8, string path)
    {
        try
        {
            if (utf8.StartsWith("\uFEFF"u8))
            {
                utf8 = utf8[3..];
            }

            var node = JsonNode.Parse(utf8, null, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return node is JsonObject json
                ? new ModelConfigFile(path, json)
                : throw Invalid(path, "it is not a JSON object");
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            throw Invalid(path, e.Message, e);
        }
    }

    /// <summary>Whether the key is there and not null.</summary>
    public bool Has(string key) => json.TryGetPropertyValue(key, out var node) && node is not null;

    /// <summary>Whether the key is there, null or not: absent means the family's default, null often means none.</summary>
    public bool Contains(string key) => json.ContainsKey(key);

    /// <summary>A whole number of at least 1; absent or null = the family's default.</summary>
    public int Size(string key, int otherwise) => SizeOrNull(key) ?? otherwise;

    /// <summary>A whole number; absent = the family's default, null = none.</summary>
    public int? IntegerOr(string key, int? whenAbsent) => Contains(key) ? IntegerOrNull(key) : whenAbsent;

    /// <summary>A number; absent = the family's default, null = none.</summary>
    public double? NumberOr(string key, double? whenAbsent) => Contains(key) ? NumberOrNull(key) : whenAbsent;

    /// <summary>A whole number of at least 1, or null.</summary>
    public int? SizeOrNull(string key)
    {
        int? value = IntegerOrNull(key);
        return value is null or >= 1 ? value : throw Wrong(key, "a whole number from 1");
    }

    /// <summary>A whole number, or null.</summary>
    public int? IntegerOrNull(string key)
    {
        double? value = NumberOrNull(key);
        return value switch
        {
            null => null,
            _ when value == Math.Floor(value.Value) && Math.Abs(value.Value) <= int.MaxValue => (int)value.Value,
            _ => throw Wrong(key, "a whole number"),
        };
    }

    /// <summary>A number, or the default.</summary>
    public double Number(string key, double otherwise) => NumberOrNull(key) ?? otherwise;

    /// <summary>A number, or null.</summary>
    public double? NumberOrNull(string key)
    {
        if (!json.TryGetPropertyValue(key, out var node) || node is null)
        {
            return null;
        }

        return node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out double number) && double.IsFinite(number)
            ? number
            : throw Wrong(key, "a number");
    }

    /// <summary>A boolean, or the default.</summary>
    public bool Flag(string key, bool otherwise)
    {
        if (!json.TryGetPropertyValue(key, out var node) || node is null)
        {
            return otherwise;
        }

        return node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(key, "true or false"),
        };
    }

    /// <summary>A string, or null.</summary>
    public string? TextOrNull(string key)
    {
        if (!json.TryGetPropertyValue(key, out var node) || node is null)
        {
            return null;
        }

        return node.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : throw Wrong(key, "a string");
    }

    /// <summary>A list of numbers, or null.</summary>
    public IReadOnlyList<double>? NumbersOrNull(string key)
    {
        return ListOrNull(key, "a list of numbers")?
            .Select(n => n?.GetValueKind() == JsonValueKind.Number ? n.GetValue<double>() : throw Wrong(key, "a list of numbers"))
            .ToList();
    }

    /// <summary>A list of strings, or null.</summary>
    public IReadOnlyList<string>? TextsOrNull(string key)
    {
        return ListOrNull(key, "a list of strings")?
            .Select(n => n?.GetValueKind() == JsonValueKind.String ? n.GetValue<string>() : throw Wrong(key, "a list of strings"))
            .ToList();
    }

    /// <summary>An object inside this one, or null.</summary>
    public ModelConfigFile? SectionOrNull(string key)
    {
        if (!json.TryGetPropertyValue(key, out var node) || node is null)
        {
            return null;
        }

        return node is JsonObject section ? new ModelConfigFile(Path, section, location + key + ".") : throw Wrong(key, "an object");
    }

    /// <summary>The error of a key whose value cannot be used.</summary>
    public TrainToolsException Wrong(string key, string expected)
    {
        string shown = json.TryGetPropertyValue(key, out var node) ? node?.ToJsonString() ?? "null" : "nothing";
        return Invalid(Path, $"'{location}{key}' must be {expected}, and it is {(shown.Length <= 80 ? shown : shown[..80] + "…")}");
    }

    /// <summary>The error of a key that must be there.</summary>
    public TrainToolsException Missing(string key) => Invalid(Path, $"'{location}{key}' is missing");

    /// <summary>The error of a value that is understood and not supported.</summary>
    public TrainToolsException Unsupported(string key, string? supported = null)
    {
        string shown = json.TryGetPropertyValue(key, out var node) ? node?.ToJsonString() ?? "null" : "nothing";
        return new TrainToolsException(ErrorIds.ModelSettingUnsupported, ErrorKind.NotSupported, $"'{Path}' asks for {location}{key} = {shown}, which is not supported.", supported is null ? null : $"Supported: {supported}.", Path);
    }

    private JsonArray? ListOrNull(string key, string expected)
    {
        if (!json.TryGetPropertyValue(key, out var node) || node is null)
        {
            return null;
        }

        return node as JsonArray ?? throw Wrong(key, expected);
    }

    private static TrainToolsException Invalid(string path, string what, Exception? inner = null) =>
        new(ErrorIds.ModelConfigInvalid, ErrorKind.InvalidData, $"'{path}' cannot be used as a model's config: {what.TrimEnd('.')}.", null, path, inner);
}
