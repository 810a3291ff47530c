using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Errors;
using TrainTools.Core.Serialization;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Loading;

/// <summary>Moves tensors between files and libtorch: one copy, converted in pieces where the types differ.</summary>
public static unsafe class TensorBytes
{
    /// <summary>Bytes copied or converted at a time; also the share of one thread.</summary>
    private const long Piece = 8 << 20;

    private static readonly (SafetensorsDtype File, ScalarType Torch)[] Types =
    [
        (SafetensorsDtype.Bool, ScalarType.Bool),
        (SafetensorsDtype.U8, ScalarType.Byte),
        (SafetensorsDtype.I8, ScalarType.Int8),
        (SafetensorsDtype.I16, ScalarType.Int16),
        (SafetensorsDtype.I32, ScalarType.Int32),
        (SafetensorsDtype.I64, ScalarType.Int64),
        (SafetensorsDtype.F16, ScalarType.Float16),
        (SafetensorsDtype.BF16, ScalarType.BFloat16),
        (SafetensorsDtype.F32, ScalarType.Float32),
        (SafetensorsDtype.F64, ScalarType.Float64),
        (SafetensorsDtype.C64, ScalarType.ComplexFloat32),
    ];

    /// <summary>libtorch's type for a file's; null where it has none that can be computed with.</summary>
    public static ScalarType? TorchType(SafetensorsDtype dtype)
    {
        int index = Array.FindIndex(Types, t => t.File == dtype);
        return index < 0 ? null : Types[index].Torch;
    }

    /// <summary>The file's type for libtorch's.</summary>
    public static SafetensorsDtype FileType(ScalarType type)
    {
        int index = Array.FindIndex(Types, t => t.Torch == type);
        return index < 0 ? throw new TrainToolsException(ErrorIds.TensorDtypeUnsupported, ErrorKind.NotSupported, $"A tensor of type {type} cannot be written as safetensors.") : Types[index].File;
    }

    /// <summary>Reads a tensor of a file into memory of its own.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">The tensor.</param>
    /// <param name="type">Type wanted; null = the file's.</param>
    /// <param name="device">Device wanted; null = CPU.</param>
    public static Tensor Read(SafetensorsFile file, SafetensorsEntry entry, ScalarType? type = null, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(entry);
        var stored = TorchType(entry.Dtype) ?? throw new TrainToolsException(
            ErrorIds.TensorDtypeUnsupported,
            ErrorKind.NotSupported,
            $"Tensor '{entry.Name}' in '{file.Path}' is of type {entry.Dtype.HeaderName()}, which cannot be computed with.",
            "Use the model's unquantised weights (F32, BF16 or F16).",
            file.Path);
        var wanted = type ?? stored;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var result = empty(entry.Shape.ToArray(), wanted);
        if (entry.ByteLength > 0)
        {
            if (wanted == stored)
            {
                Copy(file, entry, 0, Pointer(result), entry.ByteLength);
            }
            else
            {
                Convert(file, entry, stored, result);
            }
        }

        if (device is not null && device.type != DeviceType.CPU)
        {
            result = result.to(device);
        }

        return result.MoveToOuterDisposeScope();
    }

    /// <summary>Writes a tensor's bytes, row-major, from any device.</summary>
    public static void Write(Tensor tensor, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentNullException.ThrowIfNull(stream);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var flat = tensor.detach().cpu().contiguous().view(-1);
        long length = flat.NumberOfElements * flat.ElementSize;
        byte* at = length == 0 ? null : Pointer(flat);
        for (long done = 0; done < length; done += Piece)
        {
            stream.Write(new ReadOnlySpan<byte>(at + done, (int)Math.Min(Piece, length - done)));
        }
    }

    /// <summary>A safetensors item of a tensor, written when its turn comes, in the type given.</summary>
    public static SafetensorsItem Item(string name, Tensor tensor, ScalarType? type = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new SafetensorsItem(name, FileType(type ?? tensor.dtype), tensor.shape, stream =>
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Write(type is null ? tensor : tensor.detach().to_type(type.Value), stream);
        });
    }

    /// <summary>Address of a contiguous CPU tensor with at least one element.</summary>
    internal static byte* Pointer(Tensor tensor)
    {
        // The first element alone: a span over everything ends at 2 GB.
        using var flat = tensor.view(-1);
        using var first = flat.narrow(0, 0, 1);
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
    }

    /// <summary>Reads bytes of a tensor of a file to an address.</summary>
    internal static void Copy(SafetensorsFile file, SafetensorsEntry entry, long offset, byte* target, long length)
    {
        // Two threads or more touch fresh pages at once: on one, page faults and not the disk set the pace.
        long pieces = (length + Piece - 1) / Piece;
        if (pieces <= 2)
        {
            for (long start = 0; start < length; start += Piece)
            {
                file.Read(entry, offset + start, new Span<byte>(target + start, (int)Math.Min(Piece, length - start)));
            }

            return;
        }

        try
        {
            Parallel.For(0, pieces, new ParallelOptions { MaxDegreeOfParallelism = Math.Min(8, Environment.ProcessorCount) }, piece =>
            {
                long start = piece * Piece;
                file.Read(entry, offset + start, new Span<byte>(target + start, (int)Math.Min(Piece, length - start)));
            });
        }
        catch (AggregateException e) when (e.InnerException is TrainToolsException inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    private static void Convert(SafetensorsFile file, SafetensorsEntry entry, ScalarType stored, Tensor result)
    {
        int size = entry.Dtype.ElementSize();
        long elements = entry.ByteLength / size;
        long step = Math.Min(elements, Piece / size);
        using var scope = NewDisposeScope();
        var flat = result.view(-1);
        var buffer = empty([step], stored);
        byte* room = Pointer(buffer);
        for (long start = 0; start < elements; start += step)
        {
            long count = Math.Min(step, elements - start);
            Copy(file, entry, start * size, room, count * size);
            using var inner = NewDisposeScope();
            flat.narrow(0, start, count).copy_(buffer.narrow(0, 0, count));
        }
    }
}
