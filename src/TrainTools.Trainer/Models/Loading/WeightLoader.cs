using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Loading;

/// <summary>Fills a laid-out model from mapped files. All names and shapes are checked before the first tensor is made.</summary>
internal static class WeightLoader
{
    private const int NamesShown = 8;

    /// <summary>Fills every parameter. Errors: TensorMissing, TensorUnexpected, TensorShapeMismatch, TensorDtypeUnsupported.</summary>
    /// <param name="layout">The model.</param>
    /// <param name="adapter">The family's names.</param>
    /// <param name="checkpoint">The open files.</param>
    /// <param name="aliases">Names of tied copies.</param>
    /// <param name="renewable">Parameters of a new head, which no file needs to have.</param>
    /// <param name="options">Types, device and seed.</param>
    /// <param name="initializerRange">Standard deviation of a new head's weights.</param>
    public static LoadReport Fill(
        ModelLayout layout,
        NameAdapter adapter,
        Checkpoint checkpoint,
        IReadOnlyDictionary<string, string?> aliases,
        IReadOnlySet<string> renewable,
        PretrainedModelOptions options,
        double initializerRange)
    {
        var declared = layout.Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        var names = declared.Keys.ToHashSet(StringComparer.Ordinal);
        var found = new Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)>(StringComparer.Ordinal);
        var ignored = new List<string>();
        var unexpected = new List<string>();
        var quantized = QuantizedTensors.Find(checkpoint.Files);
        foreach (var file in checkpoint.Files)
        {
            foreach (var entry in file.Entries.Where(e => !quantized.Holds(e.Name)))
            {
                string? name = adapter.Adapt(entry.Name, names, aliases);
                if (name is null)
                {
                    ignored.Add(entry.Name);
                }
                else if (!names.Contains(name))
                {
                    unexpected.Add(entry.Name);
                }
                else if (!found.TryAdd(name, (file, entry)))
                {
                    throw new TrainToolsException(ErrorIds.TensorUnexpected, ErrorKind.InvalidData, $"Tensor '{name}' comes twice: in '{found[name].File.Path}' and as '{entry.Name}' in '{file.Path}'.", null, file.Path);
                }
            }
        }

        Check(declared, found, unexpected, renewable, quantized, checkpoint);
        var layers = layout.Linears.Values.Where(l => l.Weight.Name == l.Name + ".weight").ToDictionary(l => l.Weight.Name, StringComparer.Ordinal);
        var initialized = new List<string>();
        using var generator = new Generator((ulong)options.Seed);
        foreach (var parameter in layout.Parameters)
        {
            if (found.TryGetValue(parameter.Name, out var source) && !IsRenewed(parameter, source.Entry, renewable))
            {
                Read(parameter, source.File, source.Entry, layers.GetValueOrDefault(parameter.Name), quantized, options);
            }
            else
            {
                parameter.Value = Make(parameter, generator, options, initializerRange);
                initialized.Add(parameter.Name);
            }
        }

        return new LoadReport(initialized, ignored);
    }

    /// <summary>Fills every parameter anew.</summary>
    /// <param name="layout">The model.</param>
    /// <param name="options">Types, device and seed.</param>
    /// <param name="initializerRange">Standard deviation of the weights.</param>
    public static LoadReport Initialize(ModelLayout layout, PretrainedModelOptions options, double initializerRange)
    {
        using var generator = new Generator((ulong)options.Seed);
        foreach (var parameter in layout.Parameters)
        {
            parameter.Value = Make(parameter, generator, options, initializerRange);
        }

        return new LoadReport([.. layout.Parameters.Select(p => p.Name)], []);
    }

    private static void Read(
        ModelParameter parameter, SafetensorsFile file, SafetensorsEntry entry, LinearLayer? layer, QuantizedTensors quantized, PretrainedModelOptions options)
    {
        if (quantized.IsQuantized(entry))
        {
            QuantizedBase.Put(layer!, quantized.Read(file, entry, layer, options.Device));
        }
        else if (options.Quantization is { } how && layer is not null && QuantizedBase.Takes(layer.Name))
        {
            // From float32, whatever the parameters are kept in: the scales are float32.
            parameter.Value = TensorBytes.Read(file, entry, ScalarType.Float32, options.Device);
            QuantizedBase.Quantize(layer, how, entry.Dtype switch { SafetensorsDtype.BF16 => "bfloat16", SafetensorsDtype.F16 => "float16", _ => "float32" });
        }
        else
        {
            parameter.Value = TensorBytes.Read(file, entry, options.ParameterType, options.Device);
        }
    }

    /// <summary>A head whose number of labels changed is made anew.</summary>
    private static bool IsRenewed(ModelParameter parameter, SafetensorsEntry entry, IReadOnlySet<string> renewable) =>
        renewable.Contains(parameter.Name) && !entry.Shape.SequenceEqual(parameter.Shape);

    private static Tensor Make(ModelParameter parameter, Generator generator, PretrainedModelOptions options, double range)
    {
        using var scope = NewDisposeScope();
        var type = options.ParameterType ?? ScalarType.Float32;
        long[] shape = parameter.Shape.ToArray();
        var value = parameter.Init switch
        {
            ParameterInit.Zeros => zeros(shape, type),
            ParameterInit.Ones => ones(shape, type),
            _ => randn(shape, ScalarType.Float32, generator: generator).mul_(range).to_type(type),
        };
        return (options.Device is null ? value : value.to(options.Device)).MoveToOuterDisposeScope();
    }

    private static void Check(
        Dictionary<string, ModelParameter> declared,
        Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> found,
        List<string> unexpected,
        IReadOnlySet<string> renewable,
        QuantizedTensors quantized,
        Checkpoint checkpoint)
    {
        string where = checkpoint.Description;
        string path = checkpoint.Files[0].Path;
        var missing = declared.Keys.Where(n => !found.ContainsKey(n) && !renewable.Contains(n)).ToList();
        if (missing.Count > 0)
        {
            string more = unexpected.Count > 0 ? $" Tensors there that nothing asks for: {Listed(unexpected)}." : string.Empty;
            throw new TrainToolsException(ErrorIds.TensorMissing, ErrorKind.InvalidData, $"{missing.Count} of {declared.Count} tensors that config.json asks for are not in {where}: {Listed(missing)}.{more}", "Check that config.json and the weights belong together, and that every shard is there.", path);
        }

        if (unexpected.Count > 0)
        {
            throw new TrainToolsException(ErrorIds.TensorUnexpected, ErrorKind.InvalidData, $"{unexpected.Count} tensors in {where} have no place in the model that config.json describes: {Listed(unexpected)}.", "Check that config.json and the weights belong together (number of layers, biases, tied embeddings).", path);
        }

        var misshapen = declared.Values
            .Where(p => found.TryGetValue(p.Name, out var f) && !f.Entry.Shape.SequenceEqual(p.Shape) && !quantized.IsQuantized(f.Entry) && !renewable.Contains(p.Name))
            .Select(p => $"{p.Name} is {found[p.Name].Entry.ShapeText}, expected [{string.Join(", ", p.Shape)}]")
            .ToList();
        if (misshapen.Count > 0)
        {
            throw new TrainToolsException(ErrorIds.TensorShapeMismatch, ErrorKind.InvalidData, $"{misshapen.Count} tensors in {where} have another shape than config.json asks for: {Listed(misshapen)}.", "Check that config.json and the weights belong together (vocabulary, hidden and head sizes).", path);
        }
    }

    private static string Listed(List<string> names) =>
        string.Join(", ", names.Take(NamesShown)) + (names.Count > NamesShown ? $" and {names.Count - NamesShown} more" : string.Empty);
}
