using System.Text.RegularExpressions;

namespace TrainTools.Core.Backend;

/// <summary>Finds out which version a folder of libtorch libraries is. The libraries themselves do not say.</summary>
public static partial class LibTorchVersion
{
    /// <summary>The version without its build suffix ("2.10.0"); null where nothing states it.</summary>
    /// <param name="folder">Folder with the libraries.</param>
    public static string? Read(string folder) =>
        FromFile(Path.Combine(folder, "build-version"), Plain())
        ?? FromFile(Path.Combine(folder, "..", "build-version"), Plain()) // libtorch archive: lib/ beside build-version
        ?? FromFile(Path.Combine(folder, "..", "version.py"), Python()) // Python package: torch/lib beside torch/version.py
        ?? FromFile(Path.Combine(folder, "..", "include", "torch", "headeronly", "version.h"), Header())
        ?? FromFile(Path.Combine(folder, "..", "include", "torch", "csrc", "api", "include", "torch", "version.h"), Header())
        ?? FromPackagePath(folder);

    /// <summary>…/libtorch-…/VERSION/runtimes/RID/native of a package cache.</summary>
    private static string? FromPackagePath(string folder)
    {
        var parts = Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
        return parts is [.., var package, var version, "runtimes", _, "native"]
            && package.StartsWith("libtorch-", StringComparison.OrdinalIgnoreCase) && Plain().Match(version) is { Success: true } match
            ? match.Groups[1].Value
            : null;
    }

    private static string? FromFile(string path, Regex pattern)
    {
        try
        {
            return File.Exists(path) && pattern.Match(File.ReadAllText(path)) is { Success: true } match ? match.Groups[1].Value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^\s*(\d+\.\d+\.\d+)")]
    private static partial Regex Plain();

    [GeneratedRegex(@"__version__\s*(?::\s*\w+\s*)?=\s*['""](\d+\.\d+\.\d+)")]
    private static partial Regex Python();

    [GeneratedRegex(@"#define\s+TORCH_VERSION\s+""(\d+\.\d+\.\d+)")]
    private static partial Regex Header();
}
