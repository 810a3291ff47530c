using System.Runtime.InteropServices;
using System.Text;

namespace TrainTools.Core.Backend;

/// <summary>
/// What the NVIDIA driver says about its devices, asked through the CUDA driver API (libcuda), which comes with the
/// driver and needs no CUDA installation. libtorch itself only answers yes or no. No context is made, so no memory of the
/// device is taken.
/// </summary>
public static unsafe class CudaDriver
{
    private const int NameLength = 256;

    // CUdevice_attribute.
    private const int ComputeCapabilityMajor = 75;

    // bf16 matrices came with Ampere.
    private const int Ampere = 8;

    /// <summary>File of the driver's library.</summary>
    public static string LibraryName => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>Whether the driver's library is there.</summary>
    public static bool IsPresent => !OperatingSystem.IsMacOS() && NativeLibrary.TryLoad(LibraryName, out _);

    /// <summary>Asks the driver.</summary>
    public static CudaDriverState Query()
    {
        if (OperatingSystem.IsMacOS() || !NativeLibrary.TryLoad(LibraryName, out var library))
        {
            return new CudaDriverState($"this machine has no NVIDIA driver ({LibraryName} is not found)", null, []);
        }

        if (!TryFunction(library, "cuInit", out var init) || !TryFunction(library, "cuDriverGetVersion", out var version)
            || !TryFunction(library, "cuDeviceGetCount", out var count) || !TryFunction(library, "cuDeviceGet", out var get)
            || !TryFunction(library, "cuDeviceGetName", out var name) || !TryFunction(library, "cuDeviceTotalMem_v2", out var memory))
        {
            return new CudaDriverState($"the NVIDIA driver ({LibraryName}) lacks functions it should have", null, []);
        }

        var status = ((delegate* unmanaged<uint, int>)init)(0);
        int number;
        var release = ((delegate* unmanaged<int*, int>)version)(&number) == 0 ? $"{number / 1000}.{number % 1000 / 10}" : null;
        if (status != 0)
        {
            return new CudaDriverState(status == 100 ? "the NVIDIA driver finds no device" : $"the NVIDIA driver does not start (CUDA error {status})", release, []);
        }

        var devices = new List<BackendDevice>();
        int total;
        var text = stackalloc byte[NameLength];
        _ = ((delegate* unmanaged<int*, int>)count)(&total);
        for (var i = 0; i < total; i++)
        {
            int device;
            nuint bytes;
            if (((delegate* unmanaged<int*, int, int>)get)(&device, i) != 0 || ((delegate* unmanaged<byte*, int, int, int>)name)(text, NameLength, device) != 0)
            {
                continue;
            }

            var known = ((delegate* unmanaged<nuint*, int, int>)memory)(&bytes, device) == 0;
            var length = new ReadOnlySpan<byte>(text, NameLength).IndexOf((byte)0);
            devices.Add(new BackendDevice($"cuda:{i}", Encoding.UTF8.GetString(text, Math.Max(length, 0)), known ? (long)bytes : null) { HasBf16 = HasBf16(library, device) });
        }

        return new CudaDriverState(devices.Count == 0 ? "the NVIDIA driver finds no device" : null, release, devices);
    }

    private static bool? HasBf16(nint library, int device)
    {
        int major;
        return TryFunction(library, "cuDeviceGetAttribute", out var attribute) && ((delegate* unmanaged<int*, int, int, int>)attribute)(&major, ComputeCapabilityMajor, device) == 0
            ? major >= Ampere : null;
    }

    private static bool TryFunction(nint library, string name, out nint function) => NativeLibrary.TryGetExport(library, name, out function);
}

/// <summary>The driver's answer.</summary>
/// <param name="Problem">Why there is no device; null if there is one.</param>
/// <param name="CudaVersion">Newest CUDA version the driver supports.</param>
/// <param name="Devices">Its devices.</param>
public sealed record CudaDriverState(string? Problem, string? CudaVersion, IReadOnlyList<BackendDevice> Devices);
