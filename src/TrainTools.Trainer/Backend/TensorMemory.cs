using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace TrainTools.Trainer.Backend;

/// <summary>Where a tensor's numbers lie, for kernels written here. Whoever asks keeps the tensor until they are done.</summary>
internal static unsafe class TensorMemory
{
    /// <summary>Whether <see cref="Floats"/> can be asked for.</summary>
    public static bool IsFloats(torch.Tensor tensor) =>
        tensor.dtype == torch.ScalarType.Float32 && tensor.device_type == DeviceType.CPU && tensor.is_contiguous() && tensor.numel() <= int.MaxValue / sizeof(float);

    /// <summary>The first number of a contiguous float32 tensor on the CPU, of less than 2 GB.</summary>
    public static float* Floats(torch.Tensor tensor) =>
        tensor.dtype == torch.ScalarType.Float32
            ? (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes))
            : throw new ArgumentException($"A float32 tensor was expected, and this is {tensor.dtype}.", nameof(tensor));
}
