using System.Runtime.InteropServices;

namespace TrainTools.Core.Backend;

/// <summary>Names of files and folders of the native libraries on this system.</summary>
public static class BackendPlatform
{
    /// <summary>The TorchSharp version this build was made for.</summary>
    public const string TorchSharpVersion = "0.107.0";

    /// <summary>The libtorch version that TorchSharp's native library was built against.</summary>
    public const string LibTorchVersion = "2.10.0";

    /// <summary>The CUDA version in the names of the libtorch packages.</summary>
    public const string CudaPackageVersion = "12.8";

    /// <summary>Environment variable: a folder with libtorch, used before all else.</summary>
    public const string LibTorchVariable = "TRAINTOOLS_LIBTORCH";

    /// <summary>Environment variable: 1 accepts another libtorch version.</summary>
    public const string ForceVariable = "TRAINTOOLS_LIBTORCH_FORCE";

    /// <summary>Environment variable: folder for files that can be made again.</summary>
    public const string CacheVariable = "TRAINTOOLS_CACHE";

    /// <summary>Environment variable: folder that holds installed backends.</summary>
    public const string InstalledVariable = "TRAINTOOLS_BACKENDS";

    /// <summary>.NET's name of the system and processor, in the form the packages use.</summary>
    public static string RuntimeIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-")
        + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>The user's folder for files that can be made again.</summary>
    public static string Cache => Variable(CacheVariable) ?? Path.Combine(UserFolder("XDG_CACHE_HOME", ".cache", "Caches"), OperatingSystem.IsWindows() ? "cache" : "");

    /// <summary>
    /// The user's folder of installed backends. Each subfolder is one: it holds the libtorch libraries and a text file
    /// `build-version` with their version, or a text file `location` with the path of a folder that does.
    /// </summary>
    public static string Installed => Variable(InstalledVariable) ?? Path.Combine(UserFolder("XDG_DATA_HOME", Path.Combine(".local", "share"), "Application Support"), "backends");

    /// <summary>The folder packages are unpacked to: NUGET_PACKAGES, or .nuget/packages of the user.</summary>
    public static string NuGetPackages =>
        Variable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>File of a native library: torch_cpu → libtorch_cpu.so, torch_cpu.dll, libtorch_cpu.dylib.</summary>
    public static string FileName(string library) =>
        OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static string UserFolder(string xdgVariable, string unixFolder, string macFolder)
    {
        if (OperatingSystem.IsWindows())
        {
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "TrainTools");
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", macFolder) : Variable(xdgVariable) ?? Path.Combine(home, unixFolder), "TrainTools");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
