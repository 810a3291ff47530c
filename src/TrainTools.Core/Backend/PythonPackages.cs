namespace TrainTools.Core.Backend;

/// <summary>Where the packages of Python installations lie. No Python is run.</summary>
public static class PythonPackages
{
    /// <summary>The package folders of this machine, in the order in which they are preferred.</summary>
    public static IReadOnlyList<string> Folders() => [.. Candidates().Distinct()];

    /// <summary>The package folders of one installation or environment.</summary>
    /// <param name="root">Its folder: the one with `lib` (Windows: `Lib`) in it.</param>
    public static IEnumerable<string> Of(string root)
    {
        if (OperatingSystem.IsWindows())
        {
            yield return Path.Combine(root, "Lib", "site-packages");
            yield break;
        }

        yield return Path.Combine(root, "lib", "python3", "dist-packages");
        var lib = Path.Combine(root, "lib");
        foreach (var python in Directory.Exists(lib) ? Directory.GetDirectories(lib, "python3.*", new EnumerationOptions { IgnoreInaccessible = true }) : [])
        {
            yield return Path.Combine(python, "site-packages");
            yield return Path.Combine(python, "dist-packages");
        }
    }

    private static IEnumerable<string> Candidates()
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

        return roots.OfType<string>().Where(Directory.Exists).Distinct().SelectMany(Of);
    }
}
