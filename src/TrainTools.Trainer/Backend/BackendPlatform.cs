using System.Runtime.InteropServices;

namespace TrainTools.Trainer.Backend;

/// <summary>Names of files and folders of the native libraries on this system.</summary>
public static class BackendPlatform
{
    /// <summary>TorchSharp and libtorch versions this build was made for.</summary>
    public const string TorchSharpVersion = "0.107.0";

    /// <inheritdoc cref="TorchSharpVersion"/>
    public const string LibTorchVersion = "2.10.0";

    /// <summary>.NET's name of the system and processor, in the form the packages use.</summary>
    public static string RuntimeIdentifier { get; } =
        (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-")
        + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    /// <summary>File of a native library: torch_cpu → libtorch_cpu.so, torch_cpu.dll, libtorch_cpu.dylib.</summary>
    public static string FileName(string library) =>
        OperatingSystem.IsWindows() ? library + ".dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    /// <summary>The folder packages are unpacked to: NUGET_PACKAGES, or .nuget/packages of the user.</summary>
    public static string NuGetPackages
    {
        get
        {
            var configured = Environment.GetEnvironmentVariable("NUGET_PACKAGES");
            return string.IsNullOrEmpty(configured)
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")
                : configured;
        }
    }

    /// <summary>
    /// The user's folder for files that can be made again: TRAINTOOLS_CACHE, or the system's place for caches.
    /// </summary>
    public static string Cache
    {
        get
        {
            var configured = Environment.GetEnvironmentVariable("TRAINTOOLS_CACHE");
            if (!string.IsNullOrEmpty(configured))
            {
                return configured;
            }

            if (OperatingSystem.IsWindows())
            {
                return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "TrainTools", "cache");
            }

            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
            return OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches", "TrainTools")
                : Path.Combine(string.IsNullOrEmpty(xdg) ? Path.Combine(home, ".cache") : xdg, "TrainTools");
        }
    }
}
