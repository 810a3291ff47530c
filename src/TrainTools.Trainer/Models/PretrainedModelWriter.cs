using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Models;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models;

/// <summary>How a model is saved.</summary>
public sealed record PretrainedModelWriterOptions
{
    /// <summary>Largest file; a model beyond it is cut into shards with an index. A single larger tensor gets a shard of its own.</summary>
    public long MaxShardBytes { get; init; } = 50_000_000_000;

    /// <summary>Type the floating-point parameters are written in; null = the one they are kept in.</summary>
    public ScalarType? ParameterType { get; init; }
}

/// <summary>
/// Saves a model as a Hugging Face folder that transformers loads as it is: safetensors, config.json with the fields
/// nobody here knows, generation_config.json and the tokenizer's files from the folder the model came from.
/// </summary>
public static class PretrainedModelWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Companions =
    [
        "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "vocab.txt",
        "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>
    /// Saves into a folder, which is made where it is missing. Each file is replaced whole; config.json comes last, so
    /// that a folder without it was cut short. Weight files of an earlier save that no longer belong are removed.
    /// Errors: ModelFileUnwritable.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How; null = as it is.</param>
    /// <param name="parameters">Copies to write in place of the model's parameters; null = those.</param>
    public static void Save(PretrainedModel model, string folder, PretrainedModelWriterOptions? options = null, IReadOnlyDictionary<string, Tensor>? parameters = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new PretrainedModelWriterOptions();
        try
        {
            Directory.CreateDirectory(folder);
            var quantized = model.LinearLayers.Values.Where(l => l.FrozenProduct is QuantizedWeight).ToDictionary(l => l.Weight.Name, l => (QuantizedWeight)l.FrozenProduct!, StringComparer.Ordinal);
            var items = (parameters ?? model.Parameters).SelectMany(p => quantized.TryGetValue(p.Key, out var weight)
                ? weight.Items(p.Key) : [TensorBytes.Item(p.Key, p.Value, WrittenType(p.Value, options))]).ToList();
            RemoveStale(folder, SaveWeights(items, folder, options.MaxShardBytes));
            CopyCompanions(model.Folder, folder);
            var config = (JsonObject)model.ConfigJson.DeepClone();
            SetType(config, items);
            if (quantized.Count > 0)
            {
                config[QuantizedBase.ConfigField] = QuantizedBase.Config(model);
            }

            AtomicFile.WriteText(Path.Combine(folder, ModelConfigFile.FileName), config.ToJsonString(Indented) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ModelFileUnwritable, ErrorKind.IO, $"The model could not be saved in '{folder}': {e.Message}", "Check free disk space and the folder's permissions.", folder, e);
        }
    }

    private static ScalarType? WrittenType(Tensor parameter, PretrainedModelWriterOptions options) =>
        parameter.is_floating_point() && options.ParameterType != parameter.dtype ? options.ParameterType : null;

    /// <summary>Names of the files written.</summary>
    private static HashSet<string> SaveWeights(List<SafetensorsItem> items, string folder, long maxShardBytes)
    {
        var shards = new List<List<SafetensorsItem>> { new() };
        long used = 0;
        foreach (var item in items)
        {
            if (used > 0 && used + item.ByteLength > maxShardBytes)
            {
                shards.Add([]);
                used = 0;
            }

            shards[^1].Add(item);
            used += item.ByteLength;
        }

        if (shards.Count == 1)
        {
            SafetensorsWriter.Write(Path.Combine(folder, ModelWeightFiles.SingleName), shards[0]);
            return [ModelWeightFiles.SingleName];
        }

        var map = new JsonObject();
        var names = new HashSet<string>(StringComparer.Ordinal) { ModelWeightFiles.IndexName };
        for (int i = 0; i < shards.Count; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            SafetensorsWriter.Write(Path.Combine(folder, name), shards[i]);
            names.Add(name);
            foreach (var item in shards[i])
            {
                map[item.Name] = name;
            }
        }

        var metadata = new JsonObject
        {
            ["total_parameters"] = items.Sum(i => i.ByteLength / i.Dtype.ElementSize()),
            ["total_size"] = items.Sum(i => i.ByteLength),
        };
        var index = new JsonObject { ["metadata"] = metadata, ["weight_map"] = map };
        AtomicFile.WriteText(Path.Combine(folder, ModelWeightFiles.IndexName), index.ToJsonString(Indented) + "\n");
        return names;
    }

    private static void RemoveStale(string folder, HashSet<string> written)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "model*.safetensors*"))
        {
            string name = Path.GetFileName(path);
            bool ours = name is ModelWeightFiles.SingleName or ModelWeightFiles.IndexName || name.StartsWith("model-", StringComparison.Ordinal) && name.Contains("-of-", StringComparison.Ordinal);
            if (ours && !written.Contains(name) && !name.EndsWith(AtomicFile.TemporarySuffix, StringComparison.Ordinal))
            {
                File.Delete(path);
            }
        }
    }

    private static void CopyCompanions(string? source, string folder)
    {
        if (source is null || Path.GetFullPath(source) == Path.GetFullPath(folder))
        {
            return;
        }

        foreach (string name in Companions)
        {
            string path = Path.Combine(source, name);
            if (File.Exists(path))
            {
                AtomicFile.WriteBytes(Path.Combine(folder, name), File.ReadAllBytes(path));
            }
        }
    }

    /// <summary>The config's dtype says what the files hold, where it says anything: transformers loads in that type.</summary>
    private static void SetType(JsonObject config, List<SafetensorsItem> items)
    {
        string? written = items.MaxBy(i => i.ByteLength)?.Dtype switch
        {
            SafetensorsDtype.F32 => "float32",
            SafetensorsDtype.F16 => "float16",
            SafetensorsDtype.BF16 => "bfloat16",
            SafetensorsDtype.F64 => "float64",
            _ => null,
        };
        foreach (string key in (string[])["dtype", "torch_dtype"])
        {
            if (written is not null && config[key] is JsonValue said && said.TryGetValue(out string? name) && name != written)
            {
                config[key] = written;
            }
        }
    }
}
