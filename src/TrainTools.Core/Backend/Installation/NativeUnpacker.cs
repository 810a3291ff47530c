using System.IO.Compression;
using System.Security.Cryptography;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>
/// Unpacks the native libraries of packages into one folder. A file above a feed's size limit comes in pieces: the first in
/// a package NAME-primary (runtimes/RID/native/FILE, with FILE.sha), the others in packages NAME-fragmentN
/// (fragments/RID/native/FILE.fragmentN). Layout read from TorchSharp's pkg/common/RestitchPackage.targets.
/// </summary>
internal static class NativeUnpacker
{
    private const string FragmentFolder = "fragments/";
    private const string FragmentMark = ".fragment";
    private const string ShaSuffix = ".sha";

    // Left over from libtorch's own tests and from Python: a run needs none of them.
    private static readonly string[] Needless = ["torch_python", "_test", "jitbackend", "backend_with_compiler"];

    /// <summary>Unpacks.</summary>
    /// <param name="packages">Files of the packages.</param>
    /// <param name="rid">System and processor.</param>
    /// <param name="folder">Folder for the libraries.</param>
    /// <param name="report">Takes progress.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Bytes written.</returns>
    public static long Unpack(IReadOnlyList<string> packages, string rid, string folder, Action<InstallationProgress> report, CancellationToken cancellationToken)
    {
        var native = $"runtimes/{rid}/native/";
        long bytes = 0;

        // All first pieces before all further ones, those by their number.
        var parts = packages.SelectMany(Parts).OrderBy(p => p.Piece).ToList();
        for (var i = 0; i < parts.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            report(new InstallationProgress("Unpacking", parts[i].Name, 0, 0, i + 1, parts.Count));
            bytes += Write(parts[i], folder);
        }

        foreach (var sha in Directory.GetFiles(folder, "*" + ShaSuffix))
        {
            Check(sha[..^ShaSuffix.Length], File.ReadAllText(sha).Trim());
            File.Delete(sha);
        }

        return bytes;

        IEnumerable<Part> Parts(string package)
        {
            using var archive = PackageArchive.Open(package);
            foreach (var entry in archive.Entries)
            {
                var name = entry.Name;
                if (entry.FullName.StartsWith(native, StringComparison.OrdinalIgnoreCase) && !Needless.Any(n => name.Contains(n, StringComparison.Ordinal)))
                {
                    yield return new Part(package, entry.FullName, name, 0);
                }
                else if (entry.FullName.StartsWith(FragmentFolder, StringComparison.OrdinalIgnoreCase) && name.LastIndexOf(FragmentMark, StringComparison.Ordinal) is > 0 and var at
                    && int.TryParse(name[(at + FragmentMark.Length)..], out var piece))
                {
                    yield return new Part(package, entry.FullName, name[..at], piece);
                }
            }
        }
    }

    private static long Write(Part part, string folder)
    {
        using var archive = PackageArchive.Open(part.Package);
        using var source = archive.GetEntry(part.Entry)!.Open();
        var path = Path.Combine(folder, part.Name);
        if (part.Piece > 0 && !File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.PackageInvalid, ErrorKind.InvalidData, $"{Path.GetFileName(part.Package)} holds a piece of {part.Name}, whose first piece is in no package.", "Get all packages of the backend.", part.Package);
        }

        using var target = new FileStream(path, part.Piece > 0 ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        var before = target.Position;
        try
        {
            source.CopyTo(target, 1 << 20);
        }
        catch (InvalidDataException e)
        {
            throw new TrainToolsException(ErrorIds.PackageInvalid, ErrorKind.InvalidData, $"{part.Package}: {part.Entry} is damaged: {e.Message}", "Delete the package and get it again.", part.Package, e);
        }

        return target.Position - before;
    }

    private static void Check(string path, string expected)
    {
        using var stream = File.OpenRead(path);
        var actual = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (!string.Equals(actual, expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new TrainToolsException(
                ErrorIds.PackageChecksumMismatch, ErrorKind.InvalidData, $"{Path.GetFileName(path)}, put together from its pieces, has the SHA-256 {actual} instead of {expected}.",
                "A piece is missing or damaged: delete the packages and get them again.", path);
        }
    }

    /// <summary>A file in a package, or a piece of one.</summary>
    private sealed record Part(string Package, string Entry, string Name, int Piece);
}
