using TrainTools.Core.Serialization;
using TrainTools.Core.Quantization;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>QLoRA's base: every linear layer but the head in NF4, the rest as it is.</summary>
public static class QuantizedBase
{
    /// <summary>Layers that stay as they are: output heads, as transformers' bitsandbytes integration leaves them.</summary>
    private static readonly string[] Kept = ["lm_head", "embed_out", "score", "classifier", "pre_classifier"];

    /// <summary>Whether a layer is quantised.</summary>
    public static bool Takes(string module) => !Kept.Any(k => module == k || module.StartsWith(k + ".", StringComparison.Ordinal));

    /// <summary>
    /// Quantises one layer and frees its floats. Called as each weight is read, the peak is the quantised model and one layer.
    /// </summary>
    public static void Quantize(LinearLayer layer, bool doubleQuantization)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var weight = Nf4Weight.Quantize(layer.Weight.Value, layer.Weight.Name, doubleQuantization, layer.Transposed);
        layer.FrozenProduct = weight;
        layer.Weight.Value = empty(0, layer.Weight.Value.dtype);
    }

    /// <summary>Quantises the layers of a loaded model.</summary>
    public static void Quantize(PretrainedModel model, bool doubleQuantization)
    {
        ArgumentNullException.ThrowIfNull(model);
        foreach (var layer in model.LinearLayers.Values.Where(l => Takes(l.Name) && l.FrozenProduct is null))
        {
            Quantize(layer, doubleQuantization);
        }
    }

    /// <summary>The tensors of a quantised layer under the names of a bitsandbytes checkpoint.</summary>
    public static IEnumerable<SafetensorsItem> Items(string name, Nf4Weight weight)
    {
        ArgumentNullException.ThrowIfNull(weight);
        var state = weight.State;
        yield return TensorBytes.Item(name, weight.Packed);
        if (state.Absmax is not null)
        {
            yield return Floats(name + ".absmax", state.Absmax);
        }
        else
        {
            yield return Bytes(name + ".absmax", state.AbsmaxCodes!);
            yield return Floats(name + ".nested_absmax", state.NestedAbsmax);
            yield return Floats(name + ".nested_quant_map", state.NestedMap);
        }

        yield return Floats(name + ".quant_map", Nf4.Levels.ToArray());
        yield return Bytes(name + Nf4State.StateSuffix, state.ToJson());
    }

    private static SafetensorsItem Floats(string name, float[] values) => new(
        name, SafetensorsDtype.F32, [values.Length], stream => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())));

    private static SafetensorsItem Bytes(string name, byte[] values) => new(name, SafetensorsDtype.U8, [values.Length], stream => stream.Write(values));
}
