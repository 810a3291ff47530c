using System.Buffers;
using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Quantization;
using TrainTools.Core.Serialization;
using TrainTools.Trainer.Models.Loading;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Quantization;

/// <summary>A linear layer's weight in NF4. The sums are those of the dequantised weight, to the last bit.</summary>
public sealed class Nf4Weight : QuantizedWeight
{
    private readonly Tensor packed;
    private readonly Tensor? deviceScales;
    private readonly Tensor? deviceLevels;

    private Nf4Weight(Tensor packed, Nf4State state, Device device)
    {
        State = state;
        this.packed = (device.type == DeviceType.CPU ? packed : packed.to(device)).DetachFromDisposeScope();
        if (device.type != DeviceType.CPU)
        {
            deviceScales = tensor(state.Scales(), device: device).unsqueeze(1).DetachFromDisposeScope();
            deviceLevels = tensor(Nf4.Levels.ToArray(), device: device).DetachFromDisposeScope();
        }
    }

    /// <summary>Scales, shape and original type.</summary>
    public Nf4State State { get; }

    /// <summary>Packed values, uint8 [n / 2, 1], as bitsandbytes stores them.</summary>
    public Tensor Packed => packed;

    /// <inheritdoc/>
    public override double BitsPerParameter => State.BitsPerParameter;

    /// <summary>Quantises a weight; it is kept where the weight is.</summary>
    /// <param name="weight">[out, in]; any float type.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="doubleQuantization">Whether the scales are quantised too.</param>
    /// <param name="storedType">PyTorch's name of the type the checkpoint has it in; null = the weight's own.</param>
    public static unsafe Nf4Weight Quantize(Tensor weight, string name, bool doubleQuantization, string? storedType = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var source = weight.detach().to_type(ScalarType.Float32).cpu().contiguous();
        var length = source.numel();
        var packed = empty([Nf4.PackedLength(length), 1], ScalarType.Byte);
        var absmax = new float[Nf4.BlockCount(length)];
        fixed (float* scales = absmax)
        {
            Nf4.Quantize((float*)TensorBytes.Pointer(source), length, TensorBytes.Pointer(packed), scales, name);
        }

        var dtype = storedType ?? weight.dtype switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" };
        return new Nf4Weight(packed, Nf4State.Create(absmax, weight.shape, dtype, doubleQuantization), weight.device);
    }

    /// <summary>A weight from its stored parts.</summary>
    public static Nf4Weight From(Tensor packed, Nf4State state, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(packed);
        return new Nf4Weight(packed, state, device ?? packed.device);
    }

    /// <inheritdoc/>
    public override unsafe Tensor Dequantize(ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        Tensor value;
        if (deviceScales is null)
        {
            value = empty([.. State.Shape], ScalarType.Float32);

            // Scales that are quantised are made back each time too: kept, they would be a third of the whole.
            var count = (int)Nf4.BlockCount(State.Length);
            var room = State.Absmax ?? ArrayPool<float>.Shared.Rent(count);
            try
            {
                if (State.Absmax is null)
                {
                    State.Scales(room.AsSpan(0, count));
                }

                fixed (float* scales = room)
                {
                    Nf4.Dequantize(TensorBytes.Pointer(packed), scales, (float*)TensorBytes.Pointer(value), State.Length);
                }
            }
            finally
            {
                if (State.Absmax is null)
                {
                    ArrayPool<float>.Shared.Return(room);
                }
            }
        }
        else
        {
            var codes = stack([packed.view(-1).bitwise_right_shift(4), packed.view(-1).bitwise_and(15)], 1).view(-1).narrow(0, 0, State.Length);
            var levels = deviceLevels!.index_select(0, codes.to_type(ScalarType.Int32));
            var full = State.Length / Nf4.BlockSize;
            value = levels.narrow(0, 0, full * Nf4.BlockSize).view(-1, Nf4.BlockSize).mul(deviceScales.narrow(0, 0, full)).view(-1);
            if (full * Nf4.BlockSize < State.Length)
            {
                value = cat([value, levels.narrow(0, full * Nf4.BlockSize, State.Length - (full * Nf4.BlockSize)).mul(deviceScales[full, 0])]);
            }

            value = value.view([.. State.Shape]);
        }

        return (value.dtype == type ? value : value.to_type(type)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override IEnumerable<SafetensorsItem> Items(string name)
    {
        yield return TensorBytes.Item(name, packed);
        if (State.Absmax is not null)
        {
            yield return Floats(name + Nf4State.AbsmaxSuffix, State.Absmax);
        }
        else
        {
            yield return Bytes(name + Nf4State.AbsmaxSuffix, State.AbsmaxCodes!);
            yield return Floats(name + Nf4State.NestedAbsmaxSuffix, State.NestedAbsmax);
            yield return Floats(name + Nf4State.NestedMapSuffix, State.NestedMap);
        }

        yield return Floats(name + Nf4State.MapSuffix, Nf4.Levels.ToArray());
        yield return Bytes(name + Nf4State.StateSuffix, State.ToJson());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        packed.Dispose();
        deviceScales?.Dispose();
        deviceLevels?.Dispose();
    }

    private static SafetensorsItem Floats(string name, float[] values) => new(
        name, SafetensorsDtype.F32, [values.Length], stream => stream.Write(MemoryMarshal.AsBytes(values.AsSpan())));

    private static SafetensorsItem Bytes(string name, byte[] values) => new(name, SafetensorsDtype.U8, [values.Length], stream => stream.Write(values));
}
