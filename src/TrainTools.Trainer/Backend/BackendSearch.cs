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
        PythonPackageFolders = [.. PythonFolders().Distinct()],
        CacheFolder = Path.Combine(BackendPlatform.Cache, "backend"),
        NvidiaDriver = CudaDriver.IsPresent,
    };

    /// <summary>The package cache this program was built from, where that is not the usual one.</summary>
    private static string? BuildTimePackages() => typeof(BackendSearch).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "NuGetPackageRoot")?.Value;

    private static IEnumerable<string> PythonFolders()
    {
        // A virtual environment or Conda environment that is active, then the installation behind each python on the
        // path, then the places where a user's and the system's packages lie.
        var roots = new List<string?>
        {
            Environment.GetEnvironmentVariable("VIRTUAL_ENV"),
            Environment.GetEnvironmentVariable("CONDA_PREFIX"),
        };
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (OperatingSystem.IsWindows() ? File.Exists(Path.Combine(folder, "python.exe")) : File.Exists(Path.Combine(folder, "python3")))
            {
                roots.Add(OperatingSystem.IsWindows() ? folder : Path.GetDirectoryName(folder.TrimEnd('/')));
            }
        }

        if (!OperatingSystem.IsWindows())
        {
            roots.Add(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local"));
            roots.Add("/usr/local");
            roots.Add("/usr");
        }

        foreach (var root in roots.OfType<string>().Where(Directory.Exists).Distinct())
        {
            if (OperatingSystem.IsWindows())
            {
                yield return Path.Combine(root, "Lib", "site-packages");
                continue;
            }

            yield return Path.Combine(root, "lib", "python3", "dist-packages");
            var lib = Path.Combine(root, "lib");
            foreach (var python in Directory.Exists(lib) ? Directory.GetDirectories(lib, "python3.*", new EnumerationOptions { IgnoreInaccessible = true }) : [])
            {
                yield return Path.Combine(python, "site-packages");
                yield return Path.Combine(python, "dist-packages");
            }
        }
    }
}
