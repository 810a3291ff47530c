using System.Reflection;
using TrainTools.Core.Backend;

namespace TrainTools.Trainer.Backend;

/// <summary>Where to look for libtorch, and what to accept.</summary>
public sealed record BackendSearch
{
    /// <summary>Folder the user named (TRAINTOOLS_LIBTORCH); it is used or refused, never passed over. Null = none.</summary>
    public string? Configured { get; init; }

    /// <summary>Accept another version.</summary>
    public bool Force { get; init; }

    /// <summary>Folder of installed backends.</summary>
    public required string InstalledFolder { get; init; }

    /// <summary>Package caches, in order.</summary>
    public IReadOnlyList<string> PackageFolders { get; init; } = [];

    /// <summary>Folders that may hold a Python package folder `torch`.</summary>
    public IReadOnlyList<string> PythonPackageFolders { get; init; } = [];

    /// <summary>Folder for what is put together from several packages.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether an NVIDIA driver is present: without one the CUDA packages (3 GB to map) are of no use.</summary>
    public bool NvidiaDriver { get; init; }

    /// <summary>The search on this machine.</summary>
    public static BackendSearch FromEnvironment() => new()
    {
        Configured = Environment.GetEnvironmentVariable(BackendPlatform.LibTorchVariable) is { Length: > 0 } folder ? folder : null,
        Force = Environment.GetEnvironmentVariable(BackendPlatform.ForceVariable) is "1" or "true",
        InstalledFolder = BackendPlatform.Installed,
        PackageFolders = [.. new[] { BackendPlatform.NuGetPackages, BuildTimePackages() }.OfType<string>().Distinct()],
        PythonPackageFolders = PythonPackages.Folders(),
        CacheFolder = Path.Combine(BackendPlatform.Cache, "backend"),
        NvidiaDriver = CudaDriver.IsPresent,
    };

    /// <summary>The package cache this program was built from, where that is not the usual one.</summary>
    private static string? BuildTimePackages() => typeof(BackendSearch).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "NuGetPackageRoot")?.Value;
}
