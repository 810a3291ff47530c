using System.Text.Json.Nodes;
using TorchSharp;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Quantization;

/// <summary>How the linear layers of a base are stored.</summary>
/// <param name="Bits">4 (NF4) or 8 (LLM.int8's rows).</param>
/// <param name="DoubleQuantization">Whether NF4's scales are quantised too.</param>
public sealed record WeightQuantization(int Bits = 4, bool DoubleQuantization = true);

/// <summary>QLoRA's base: every linear layer but the head in 4 or 8 bits, the rest as it is.</summary>
public static class QuantizedBase
{
    /// <summary>Layers that stay as they are: output heads, as transformers' bitsandbytes integration leaves them.</summary>
    private static readonly string[] Kept = ["lm_head", "embed_out", "score", "classifier", "pre_classifier", "cls", "qa_outputs", "vocab_projector", "vocab_transform"];

    /// <summary>Whether a layer is quantised.</summary>
    public static bool Takes(string module) => !Kept.Any(k => module == k || module.StartsWith(k + ".", StringComparison.Ordinal));

    /// <summary>Whether a model has quantised layers.</summary>
    public static bool IsQuantized(PretrainedModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return model.LinearLayers.Values.Any(l => l.FrozenProduct is QuantizedWeight);
    }

    /// <summary>
    /// Quantises one layer and frees its floats. Called as each weight is read, the peak is the quantised model and one layer.
    /// </summary>
    /// <param name="layer">The layer; its weight is loaded.</param>
    /// <param name="how">How.</param>
    /// <param name="storedType">PyTorch's name of the type the checkpoint has the weight in; null = the weight's own.</param>
    public static void Quantize(LinearLayer layer, WeightQuantization how, string? storedType = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(how);
        using var scope = NewDisposeScope();
        var matrix = layer.Transposed ? layer.Weight.Value.t() : layer.Weight.Value;
        Put(layer, how.Bits == 8 ? Int8Weight.Quantize(matrix, layer.Weight.Name) : Nf4Weight.Quantize(matrix, layer.Weight.Name, how.DoubleQuantization, storedType));
    }

    /// <summary>Quantises the layers of a loaded model.</summary>
    public static void Quantize(PretrainedModel model, WeightQuantization how)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var layer in model.LinearLayers.Values.Where(l => Takes(l.Name) && l.FrozenProduct is null))
        {
            Quantize(layer, how);
        }
    }

    /// <summary>Makes the layers of a model back into floats.</summary>
    public static void Dequantize(PretrainedModel model, ScalarType type)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var layer in model.LinearLayers.Values)
        {
            if (layer.FrozenProduct is not QuantizedWeight weight)
            {
                continue;
            }

            using var scope = NewDisposeScope();
            var matrix = weight.Dequantize(type);
            layer.Weight.Value = layer.Transposed ? matrix.t().contiguous() : matrix;
            layer.FrozenProduct = null;
            weight.Dispose();
        }

        model.ConfigJson.Remove(ConfigField);
    }

    /// <summary>Gives a layer its quantised weight in place of floats.</summary>
    internal static void Put(LinearLayer layer, QuantizedWeight weight)
    {
        layer.FrozenProduct = weight;
        layer.Weight.Value = empty(0, layer.Weight.IsLoaded ? layer.Weight.Value.dtype : ScalarType.Float32);
    }

    /// <summary>config.json's field.</summary>
    internal const string ConfigField = "quantization_config";

    /// <summary>What config.json says of a quantised model, as transformers writes it.</summary>
    internal static JsonObject Config(PretrainedModel model)
    {
        var weights = model.LinearLayers.Values.Select(l => l.FrozenProduct).OfType<QuantizedWeight>().ToList();
        var eight = weights.Exists(w => w is Int8Weight);
        return new JsonObject
        {
            ["_load_in_4bit"] = !eight,
            ["_load_in_8bit"] = eight,
            ["bnb_4bit_compute_dtype"] = "float32",
            ["bnb_4bit_quant_storage"] = "uint8",
            ["bnb_4bit_quant_type"] = "nf4",
            ["bnb_4bit_use_double_quant"] = weights.OfType<Nf4Weight>().Any(w => w.State.AbsmaxCodes is not null),
            ["llm_int8_enable_fp32_cpu_offload"] = false,
            ["llm_int8_has_fp16_weight"] = false,
            ["llm_int8_skip_modules"] = new JsonArray([.. model.LinearLayers.Values.Where(l => l.FrozenProduct is null).Select(l => (JsonNode)l.Name)]),
            ["llm_int8_threshold"] = 6.0,
            ["load_in_4bit"] = !eight,
            ["load_in_8bit"] = eight,
            ["quant_method"] = "bitsandbytes",
        };
    }
}
