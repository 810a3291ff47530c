using System.Globalization;
using System.Runtime.Intrinsics.X86;
using TrainTools.Core.Backend;

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

    /// <summary>Why the device cannot be used; null where nothing speaks against it.</summary>
    public string? Problem { get; init; }

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

    /// <summary>The device that a setting means on this machine. Neither libtorch nor the trainer is started: the driver is asked.</summary>
    /// <param name="device">auto, cpu, cuda or cuda:n.</param>
    public static DeviceFacts Of(string device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var auto = device == "auto";
        if (!(auto ? CudaBackend.IsInstalled : device == "cuda" || device.StartsWith("cuda:", StringComparison.Ordinal)))
        {
            return Cpu;
        }

        var driver = CudaDriver.Query();
        return auto && driver.Problem is not null ? Cpu : OfCuda(device, driver);
    }

    /// <summary>A CUDA device as the driver describes it.</summary>
    /// <param name="device">auto, cuda or cuda:n.</param>
    /// <param name="driver">The driver's answer.</param>
    internal static DeviceFacts OfCuda(string device, CudaDriverState driver)
    {
        var index = device.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0;
        return index < driver.Devices.Count
            ? new DeviceFacts { Kind = "cuda", Name = driver.Devices[index].Description, MemoryBytes = driver.Devices[index].MemoryBytes, HasBf16 = driver.Devices[index].HasBf16, Problem = driver.Problem }
            : new DeviceFacts { Kind = "cuda", Name = device, Problem = driver.Problem ?? $"the driver has {ConfigText.Plural(driver.Devices.Count, "device")}, counted from 0" };
    }

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
