using TorchSharp;
using TrainTools.Core.Quantization;
using TrainTools.Trainer.Models.Loading;
using TrainTools.Trainer.Models.Parts;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Adapters;

/// <summary>
/// A linear layer's weight in NF4: made back into floats for each product, forwards and again backwards, and dropped after
/// it, so that at most one layer's weight exists in full. The sums are those of the dequantised weight, to the last bit.
/// </summary>
public sealed class Nf4Weight : IFrozenProduct, IDisposable
{
    private readonly bool transposed;
    private readonly Tensor packed;
    private readonly Tensor? deviceScales;
    private readonly Tensor? deviceLevels;

    private Nf4Weight(Tensor packed, Nf4State state, bool transposed, Device device)
    {
        State = state;
        this.transposed = transposed;
        Device = device;
        this.packed = packed.DetachFromDisposeScope();
        if (device.type != DeviceType.CPU)
        {
            deviceScales = tensor(state.Scales(), device: device).unsqueeze(1).DetachFromDisposeScope();
            deviceLevels = tensor(Nf4.Levels.ToArray(), device: device).DetachFromDisposeScope();
        }
    }

    /// <summary>Scales, shape and original type.</summary>
    public Nf4State State { get; }

    /// <summary>Where it is kept.</summary>
    public Device Device { get; }

    /// <summary>Packed values, uint8 [n / 2, 1], as bitsandbytes stores them.</summary>
    public Tensor Packed => packed;

    /// <summary>Quantises a weight.</summary>
    /// <param name="weight">[out, in], or [in, out] where transposed; any float type.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <param name="doubleQuantization">Whether the scales are quantised too.</param>
    /// <param name="transposed">Whether it is stored [in, out].</param>
    public static unsafe Nf4Weight Quantize(Tensor weight, string name, bool doubleQuantization, bool transposed = false)
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

        var dtype = weight.dtype switch { ScalarType.BFloat16 => "bfloat16", ScalarType.Float16 => "float16", _ => "float32" };
        var state = Nf4State.Create(absmax, weight.shape, dtype, doubleQuantization);
        return new Nf4Weight(weight.device.type == DeviceType.CPU ? packed : packed.to(weight.device), state, transposed, weight.device);
    }

    /// <summary>A weight from its stored parts.</summary>
    public static Nf4Weight From(Tensor packed, Nf4State state, bool transposed = false)
    {
        ArgumentNullException.ThrowIfNull(packed);
        return new Nf4Weight(packed, state, transposed, packed.device);
    }

    /// <summary>The weight in floats, in its own shape.</summary>
    public unsafe Tensor Dequantize(ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        Tensor value;
        if (deviceScales is null)
        {
            value = empty([.. State.Shape], ScalarType.Float32);
            fixed (float* scales = Scales())
            {
                Nf4.Dequantize(TensorBytes.Pointer(packed), scales, (float*)TensorBytes.Pointer(value), State.Length);
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
    public Tensor Forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var weight = Dequantize(input.dtype);
        if (!transposed)
        {
            return nn.functional.linear(input, weight);
        }

        using var turned = weight.t();
        return nn.functional.linear(input, turned);
    }

    /// <inheritdoc/>
    public Tensor Transposed(Tensor gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        using var weight = Dequantize(gradient.dtype);
        if (!transposed)
        {
            return gradient.mm(weight);
        }

        using var turned = weight.t();
        return gradient.mm(turned);
    }

    /// <summary>Frees the tensors.</summary>
    public void Dispose()
    {
        packed.Dispose();
        deviceScales?.Dispose();
        deviceLevels?.Dispose();
    }

    // Quantised scales are small (a 64th of the weight, a byte each) and are made back each time too.
    private float[] Scales() => State.Scales();
}
