using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Quantization;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Quantization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Loading;

/// <summary>
/// The quantised weights of a bitsandbytes checkpoint: what lies beside a packed weight (scales, tables, state) is kept from
/// the model's own tensors and put together with it.
/// </summary>
internal sealed class QuantizedTensors
{
    private readonly Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> companions = new(StringComparer.Ordinal);

    /// <summary>Gathers the companions of all weights.</summary>
    public static QuantizedTensors Find(IEnumerable<SafetensorsFile> files)
    {
        var result = new QuantizedTensors();
        foreach (var file in files)
        {
            foreach (var entry in file.Entries.Where(e => QuantizedNames.IsCompanion(e.Name)))
            {
                result.companions[entry.Name] = (file, entry);
            }
        }

        return result;
    }

    /// <summary>Whether a tensor is no parameter but lies beside one.</summary>
    public bool Holds(string name) => companions.ContainsKey(name);

    /// <summary>Whether a weight is quantised.</summary>
    public bool IsQuantized(SafetensorsEntry entry) => Is4Bit(entry) || Is8Bit(entry);

    /// <summary>The quantised weight of a layer.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.QuantizationStateInvalid"/>, <see cref="ErrorIds.TensorShapeMismatch"/>.</exception>
    public QuantizedWeight Read(SafetensorsFile file, SafetensorsEntry entry, LinearLayer? layer, Device? device)
    {
        if (layer is null)
        {
            throw Invalid(entry.Name, "it belongs to no linear layer");
        }

        return Is4Bit(entry) ? Read4Bit(file, entry, layer, device) : Read8Bit(file, entry, layer, device);
    }

    private bool Is4Bit(SafetensorsEntry entry) =>
        Holds(entry.Name + Nf4State.StateSuffix) || Holds(entry.Name + Nf4State.StateSuffixOf("fp4"));

    private bool Is8Bit(SafetensorsEntry entry) => entry.Dtype == SafetensorsDtype.I8 && Holds(ScaleOf(entry.Name));

    private static string ScaleOf(string weight) => weight[..(weight.LastIndexOf('.') + 1)] + QuantizedNames.RowScales;

    private unsafe Nf4Weight Read4Bit(SafetensorsFile file, SafetensorsEntry entry, LinearLayer layer, Device? device)
    {
        var name = entry.Name;
        var json = companions.TryGetValue(name + Nf4State.StateSuffix, out var at) ? at : companions[name + Nf4State.StateSuffixOf("fp4")];
        var state = Nf4State.FromJson(json.File.Bytes(json.Entry), name);
        CheckShape(state.Shape, layer, file);
        if (!Floats(name + Nf4State.MapSuffix).AsSpan().SequenceEqual(Nf4.Levels))
        {
            throw Invalid(name, "its table of levels is not NF4's");
        }

        if (entry.ByteLength != Nf4.PackedLength(state.Length))
        {
            throw Invalid(name, $"it has {entry.ByteLength} bytes, and {Nf4.PackedLength(state.Length)} hold [{string.Join(", ", state.Shape)}]");
        }

        var (absmaxFile, absmax) = Companion(name + Nf4State.AbsmaxSuffix);
        state = absmax.Dtype == SafetensorsDtype.F32
            ? state with { Absmax = Floats(name + Nf4State.AbsmaxSuffix) }
            : state with
            {
                AbsmaxCodes = absmaxFile.Bytes(absmax).ToArray(),
                NestedAbsmax = Floats(name + Nf4State.NestedAbsmaxSuffix),
                NestedMap = Floats(name + Nf4State.NestedMapSuffix),
            };
        if (state.Problem() is { } problem)
        {
            throw Invalid(name, problem);
        }

        // As bytes: the storage type may be a float type of the same bits.
        using var scope = NewDisposeScope();
        var packed = empty([entry.ByteLength, 1], ScalarType.Byte);
        TensorBytes.Copy(file, entry, 0, TensorBytes.Pointer(packed), entry.ByteLength);
        return Nf4Weight.From(packed, state, device);
    }

    private Int8Weight Read8Bit(SafetensorsFile file, SafetensorsEntry entry, LinearLayer layer, Device? device)
    {
        CheckShape(entry.Shape, layer, file);
        var (scaleFile, scale) = Companion(ScaleOf(entry.Name));
        if (scale.Shape is not [var rows] || rows != entry.Shape[0])
        {
            throw Invalid(entry.Name, $"'{scale.Name}' is {scale.ShapeText}, and there are {entry.Shape[0]} rows");
        }

        using var scope = NewDisposeScope();
        return Int8Weight.From(TensorBytes.Read(file, entry, null, device), TensorBytes.Read(scaleFile, scale, ScalarType.Float32, device));
    }

    private static void CheckShape(IReadOnlyList<long> shape, LinearLayer layer, SafetensorsFile file)
    {
        if (!shape.SequenceEqual([layer.OutFeatures, layer.InFeatures]))
        {
            throw new TrainToolsException(
                ErrorIds.TensorShapeMismatch, ErrorKind.InvalidData,
                $"The quantised '{layer.Weight.Name}' is [{string.Join(", ", shape)}], and config.json asks for [{layer.OutFeatures}, {layer.InFeatures}].",
                "Check that config.json and the weights belong together.", file.Path);
        }
    }

    private (SafetensorsFile File, SafetensorsEntry Entry) Companion(string name) =>
        companions.TryGetValue(name, out var at) ? at : throw Invalid(name, "it is not in the checkpoint");

    private float[] Floats(string name)
    {
        var (file, entry) = Companion(name);
        return entry.Dtype == SafetensorsDtype.F32 ? MemoryMarshal.Cast<byte, float>(file.Bytes(entry)).ToArray() : throw Invalid(name, "it is not float32");
    }

    private static TrainToolsException Invalid(string name, string what) => new(
        ErrorIds.QuantizationStateInvalid, ErrorKind.InvalidData, $"Tensor '{name}' cannot be used as a quantised weight: {what}.",
        "Quantise the 16-bit checkpoint anew (method qlora does it while loading).", name);
}
