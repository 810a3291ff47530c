using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Quantization;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Quantization;

/// <summary>
/// A linear layer's weight in 8 bits as LLM.int8() stores it: each row divided by its greatest magnitude (SCB) and rounded
/// to -127 … 127. Products are those of the weight made back into floats: the activations stay as they are, so there are no
/// outlier columns to set apart. Source: bitsandbytes, int8_vectorwise_quant.
/// </summary>
public sealed class Int8Weight : QuantizedWeight
{
    private readonly Tensor codes;
    private readonly Tensor rowMaxima;

    private Int8Weight(Tensor codes, Tensor rowMaxima)
    {
        this.codes = codes.DetachFromDisposeScope();
        this.rowMaxima = rowMaxima.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override double BitsPerParameter => 8 + (32.0 / codes.shape[1]);

    /// <summary>Quantises a weight; it is kept where the weight is.</summary>
    /// <param name="weight">[out, in]; any float type.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.QuantizationNonFinite"/>.</exception>
    public static Int8Weight Quantize(Tensor weight, string name)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var source = weight.detach().to_type(ScalarType.Float32);
        var maxima = source.abs().amax([1]);
        if (!maxima.isfinite().all().item<bool>())
        {
            throw new TrainToolsException(
                ErrorIds.QuantizationNonFinite, ErrorKind.InvalidData, $"Tensor '{name}' holds a NaN or an infinity; 8 bits cannot represent it.",
                "The checkpoint is damaged or overflowed when it was saved: use an undamaged one.", name);
        }

        // The reciprocal first, as there; a row of zeros stays zeros.
        var factor = maxima.clamp(min: 1e-38f).reciprocal().mul_(127).unsqueeze(1);
        return new Int8Weight(source.mul(factor).round_().clamp_(-127, 127).to_type(ScalarType.Int8), maxima);
    }

    /// <summary>A weight from its stored parts.</summary>
    /// <param name="codes">int8 [out, in].</param>
    /// <param name="rowMaxima">float32 [out].</param>
    public static Int8Weight From(Tensor codes, Tensor rowMaxima)
    {
        ArgumentNullException.ThrowIfNull(codes);
        ArgumentNullException.ThrowIfNull(rowMaxima);
        return new Int8Weight(codes, rowMaxima);
    }

    /// <inheritdoc/>
    public override Tensor Dequantize(ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var value = codes.to_type(ScalarType.Float32).mul_(rowMaxima.div(127).unsqueeze(1));
        return (type == ScalarType.Float32 ? value : value.to_type(type)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsItem> Items(string name)
    {
        var layer = name[..(name.LastIndexOf('.') + 1)];
        yield return TensorBytes.Item(name, codes);
        yield return TensorBytes.Item(layer + QuantizedNames.RowScales, rowMaxima);
        yield return new SafetensorsItem(layer + QuantizedNames.Format, SafetensorsDtype.U8, [], stream => stream.WriteByte(0)); // row-major
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        codes.Dispose();
        rowMaxima.Dispose();
    }
}
