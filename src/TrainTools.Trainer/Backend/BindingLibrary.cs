using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TrainTools.Core.Backend;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Trainer.Backend;

/// <summary>Finds TorchSharp's own native library and, on Linux, makes sure the system's C++ runtime can carry it.</summary>
public static class BindingLibrary
{
    /// <summary>The library that came with TorchSharp: beside the program, or in the package cache.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.BackendNotFound"/>.</exception>
    public static string Find()
    {
        var file = BackendPlatform.FileName("LibTorchSharp");
        var native = Path.Combine("runtimes", BackendPlatform.RuntimeIdentifier, "native");
        // Beside this assembly, not beside the program: PowerShell may be the program.
        var here = Path.GetDirectoryName(typeof(BindingLibrary).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
        string[] folders =
        [
            Path.Combine(here, native),
            here,
            Path.Combine(BackendPlatform.NuGetPackages, "torchsharp", BackendPlatform.TorchSharpVersion, native),
        ];
        return folders.Select(f => Path.Combine(f, file)).FirstOrDefault(File.Exists) ?? throw new TrainToolsException(
            ErrorIds.BackendNotFound,
            ErrorKind.NotFound,
            $"TorchSharp's native library {file} was found in none of: {string.Join(", ", folders)}.",
            $"Restore the package TorchSharp {BackendPlatform.TorchSharpVersion}, or install TrainTools again. TorchSharp has libraries for linux-x64, win-x64, win-arm64 and osx-arm64.",
            file);
    }

    /// <summary>The file to load on this system: the one given, or on Linux where it is needed a patched private copy.</summary>
    /// <returns>Path, and whether it is a patched copy.</returns>
    /// <exception cref="TrainToolsException">The C++ runtime is too old, or the file is not as expected.</exception>
    public static (string Path, bool Patched) Prepare(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return (path, false);
        }

        return Prepare(path, SystemVersions(), Path.Combine(BackendPlatform.Cache, "backend"));
    }

    /// <summary>The same for a system whose runtimes have the given versions.</summary>
    internal static (string Path, bool Patched) Prepare(string path, IReadOnlyCollection<string> provided, string cache)
    {
        var image = File.ReadAllBytes(path);
        var (fit, missing) = BindingPatch.Judge(Parse(image, path), provided);
        return fit switch
        {
            BindingFit.Fits => (path, false),
            BindingFit.NeedsPatch => (Store(BindingPatch.Apply(image, path), image, cache), true),
            _ => throw new TrainToolsException(
                ErrorIds.BackendLoadFailed,
                ErrorKind.NotSupported,
                $"This system is too old for TorchSharp {BackendPlatform.TorchSharpVersion}: its C and C++ runtimes lack {string.Join(", ", missing)}.",
                "Use a system with glibc 2.34 and the libstdc++ of GCC 12, or newer (Debian 12, Ubuntu 22.04, RHEL 10)."
                    + (missing.Any(m => m.StartsWith("GLIBC_", StringComparison.Ordinal)) ? "" : " Here it is enough to install a newer libstdc++.so.6 and to put its folder first in LD_LIBRARY_PATH."),
                path),
        };
    }

    /// <summary>The versions that this system's C and C++ runtimes define.</summary>
    internal static IReadOnlyCollection<string> SystemVersions() =>
        new HashSet<string>(Provided("libstdc++.so.6", "libstdc++.so").Concat(Provided("libc.so.6", "libc.so", "libc-2.")), StringComparer.Ordinal);

    /// <summary>Loads a library by name, as the dynamic loader would, and reads the file that this turned out to be.</summary>
    private static IReadOnlyList<string> Provided(string library, params string[] fileNames)
    {
        NativeLibrary.TryLoad(library, out _);
        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var slash = line.IndexOf('/', StringComparison.Ordinal);
            if (slash >= 0 && fileNames.Any(n => Path.GetFileName(line.AsSpan(slash)).StartsWith(n, StringComparison.Ordinal)))
            {
                var path = line[slash..];
                return Parse(File.ReadAllBytes(path), path).DefinedVersions;
            }
        }

        throw new TrainToolsException(
            ErrorIds.BackendLoadFailed,
            ErrorKind.NotSupported,
            $"This system has no {library}, which libtorch needs.",
            "Install the GNU C++ runtime (Debian, Ubuntu: libstdc++6; Fedora, RHEL: libstdc++). Systems on musl (Alpine) are not supported by libtorch.",
            library);
    }

    private static ElfFile Parse(byte[] image, string path)
    {
        try
        {
            return ElfFile.Parse(image);
        }
        catch (InvalidDataException e)
        {
            throw new TrainToolsException(
                ErrorIds.BackendFileUnexpected, ErrorKind.InvalidData, $"'{path}' cannot be used: {e.Message}.", "Restore or install it again.", path, e);
        }
    }

    /// <summary>Writes the patched copy to the user's cache, named after its source, whole or not at all.</summary>
    private static string Store(byte[] patched, byte[] source, string cache)
    {
        var path = Path.Combine(cache, $"libLibTorchSharp-{Convert.ToHexStringLower(SHA256.HashData(source))[..16]}.so");
        try
        {
            // Compared, not trusted: the copy must be what this program would write now.
            if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(patched))
            {
                Directory.CreateDirectory(cache);
                AtomicFile.WriteBytes(path, patched);
            }

            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(
                ErrorIds.BackendLoadFailed,
                ErrorKind.IO,
                $"The adapted copy of TorchSharp's native library could not be written to '{cache}': {e.Message}",
                $"Set {BackendPlatform.CacheVariable} to a folder this user can write to.",
                cache,
                e);
        }
    }
}
