using System.Runtime.Intrinsics.X86;

namespace TrainTools.Core.Configuration;

/// <summary>The device a run will use, as far as it is known without loading libtorch.</summary>
public sealed record DeviceFacts
{
    /// <summary>"cpu" or "cuda".</summary>
    public string Kind { get; init; } = "cpu";

    /// <summary>Name for people.</summary>
    public string? Name { get; init; }

    /// <summary>Memory of the device in bytes; null if not known.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Whether it multiplies bf16 matrices itself; null if not known.</summary>
    public bool? HasBf16 { get; init; }

    /// <summary>Whether it is a CUDA device.</summary>
    public bool IsCuda => Kind == "cuda";

    /// <summary>This machine's processor.</summary>
    public static DeviceFacts Cpu { get; } = new()
    {
        Kind = "cpu",
        Name = "CPU",
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        HasBf16 = CpuHasBf16(),
    };

    /// <summary>The facts of the device that a config names, where these are those of the machine's best one.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:n.</param>
    public DeviceFacts For(string device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var cuda = device.StartsWith("cuda", StringComparison.Ordinal);
        return device == "auto" || cuda == IsCuda ? this : cuda ? new DeviceFacts { Kind = "cuda", Name = device } : Cpu;
    }

    private static bool CpuHasBf16()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return false;
        }

        // AVX512_BF16 is leaf 7.1 EAX bit 5, AMX-BF16 leaf 7.0 EDX bit 22 (Intel's instruction set reference, CPUID).
        return (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0 || (X86Base.CpuId(7, 0).Edx & (1 << 22)) != 0;
    }
}
