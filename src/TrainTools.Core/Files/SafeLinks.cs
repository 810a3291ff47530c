using TrainTools.Core.Errors;

namespace TrainTools.Core.Files;

/// <summary>Symbolic links that lead out of a folder are not followed.</summary>
public static class SafeLinks
{
    /// <summary>Refuses a file or folder that is a link to somewhere outside a folder.</summary>
    /// <param name="folder">The folder that must not be left. It may itself be reached through a link.</param>
    /// <param name="path">A name in it; nothing need be there.</param>
    /// <param name="alsoAllowed">Another folder that links may lead to; null = none.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.LinkLeavesFolder"/>.</exception>
    public static void Ensure(string folder, string path, string? alsoAllowed = null)
    {
        FileSystemInfo entry = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        if (entry.LinkTarget is null)
        {
            return;
        }

        string? target;
        try
        {
            target = entry.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
        }
        catch (IOException)
        {
            target = null; // a circle of links
        }

        if (target is null || !(Lies(target, Real(folder)) || (alsoAllowed is not null && Lies(target, Real(alsoAllowed)))))
        {
            throw new TrainToolsException(
                ErrorIds.LinkLeavesFolder, ErrorKind.InvalidData, $"'{path}' is a link to '{target ?? entry.LinkTarget}', outside the folder '{folder}'; such links are not followed.",
                "Put the file itself there.", path);
        }
    }

    /// <summary>
    /// The folder of blobs that a snapshot of the Hugging Face cache links to (models--X/snapshots/REVISION beside
    /// models--X/blobs); null for any other folder.
    /// </summary>
    public static string? BlobsOf(string modelFolder)
    {
        var snapshots = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(modelFolder)));
        return snapshots is not null && Path.GetFileName(snapshots) == "snapshots" && Path.GetDirectoryName(snapshots) is { } repository
            && Path.GetFileName(repository).StartsWith("models--", StringComparison.Ordinal)
            ? Path.Combine(repository, "blobs")
            : null;
    }

    private static bool Lies(string path, string folder) =>
        Real(path).StartsWith(Path.TrimEndingDirectorySeparator(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The path with every link on the way resolved.</summary>
    private static string Real(string path)
    {
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full)!;
        var links = 0;
        foreach (var part in full[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            for (; links < 40 && new FileInfo(real).LinkTarget is { } target; links++)
            {
                real = Path.GetFullPath(target, Path.GetDirectoryName(real)!);
            }
        }

        return real;
    }
}
