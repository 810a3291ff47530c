using System.IO.Compression;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>Packages in a folder: files NAME.VERSION.nupkg side by side, or a package cache (NAME/VERSION/).</summary>
public sealed class PackageFolder(string folder) : IPackageSource
{
    private const string ChecksumSuffix = ".sha512";

    /// <inheritdoc/>
    public IReadOnlyList<PackageIdentity> Dependencies(PackageIdentity package, CancellationToken cancellationToken)
    {
        using var archive = PackageArchive.Open(Find(package));
        var manifest = archive.Entries.FirstOrDefault(e => e.FullName.EndsWith(".nuspec", StringComparison.OrdinalIgnoreCase) && !e.FullName.Contains('/', StringComparison.Ordinal));
        if (manifest is null)
        {
            return [];
        }

        using var stream = manifest.Open();
        return PackageManifest.Dependencies(stream, package);
    }

    /// <inheritdoc/>
    public string? Checksum(PackageIdentity package, CancellationToken cancellationToken)
    {
        var file = Find(package) + ChecksumSuffix;
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <inheritdoc/>
    public string Fetch(PackageIdentity package, string folder, Action<long, long> report, CancellationToken cancellationToken) => Find(package);

    private string Find(PackageIdentity package)
    {
        string[] places = [Path.Combine(folder, package.FileName), Path.Combine(folder, package.Id, package.Version, package.FileName)];
        return places.FirstOrDefault(File.Exists)
            ?? Directory.EnumerateFiles(folder, "*.nupkg").FirstOrDefault(f => string.Equals(Path.GetFileName(f), package.FileName, StringComparison.OrdinalIgnoreCase))
            ?? throw new TrainToolsException(
                ErrorIds.PackageNotFound, ErrorKind.NotFound, $"The folder '{folder}' has no {package.FileName}.",
                "Copy the package there from a machine with a network, or name a package feed with -Source.", package.FileName);
    }
}

/// <summary>Opens packages, which are zip archives.</summary>
internal static class PackageArchive
{
    public static ZipArchive Open(string path)
    {
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException e)
        {
            throw new TrainToolsException(ErrorIds.PackageInvalid, ErrorKind.InvalidData, $"The package '{path}' is no zip archive or is cut off: {e.Message}", "Delete the file and get it again.", path, e);
        }
    }
}
