using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using TrainTools.Core.Backend;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// libtorch with CUDA as the package feed delivers it: some 25 packages (libtorch-cuda-12.8-RID-part…), each with a few
/// libraries. Files above the feed's size limit come in pieces, "-primary" and "-fragment1…"; the packages' own build
/// targets put them together inside the package cache when a project that refers to them is first built. The libraries
/// find each other only within one folder, so the packages' files are linked (not copied) into one.
/// Layout read from TorchSharp's src/Redist/libtorch-cuda-12.8 and pkg/common/RestitchPackage.targets.
/// </summary>
public sealed partial class CudaPackages
{
    private readonly List<string> folders;

    private CudaPackages(List<string> folders) => this.folders = folders;

    private static string Prefix => $"libtorch-cuda-{BackendPlatform.CudaPackageVersion}-{BackendPlatform.RuntimeIdentifier}";

    /// <summary>The CUDA packages of the right version in a package cache; null if there are none.</summary>
    public static CudaPackages? Find(string packages)
    {
        if (!Directory.Exists(packages))
        {
            return null;
        }

        var found = Directory.EnumerateDirectories(packages, Prefix + "-part*")
            .Select(p => Path.Combine(p, BackendPlatform.LibTorchVersion)).Where(Directory.Exists).Order(StringComparer.Ordinal).ToList();
        return found.Count == 0 ? null : new CudaPackages(found);
    }

    /// <summary>The packages, for a report.</summary>
    public string Describe(string packages) => Path.Combine(packages, $"{Prefix}-part* ({folders.Count} packages)");

    /// <summary>Links all libraries into one folder of the cache.</summary>
    /// <returns>The folder, or why there is none.</returns>
    public (string? Folder, string? Problem) Link(string cache)
    {
        var pieces = folders.SelectMany(f => Files(Path.Combine(f, "fragments"))).Where(f => !f.EndsWith(".sha", StringComparison.Ordinal)).ToList();
        if (pieces.Count > 0)
        {
            return (null, $"{pieces.Count} pieces of large files are not put together yet ({Path.GetFileName(pieces[0])}, …): build the project once with -p:TorchBackend=cuda-windows or cuda-linux");
        }

        var libraries = folders.SelectMany(f => Files(Path.Combine(f, "runtimes", BackendPlatform.RuntimeIdentifier, "native")))
            .Where(f => !f.EndsWith(".sha", StringComparison.Ordinal)).ToList();
        foreach (var needed in (string[])["c10", "torch_cpu", "torch", "c10_cuda", "torch_cuda"])
        {
            if (!libraries.Any(l => Path.GetFileName(l) == BackendPlatform.FileName(needed)))
            {
                return (null, $"the package with {BackendPlatform.FileName(needed)} is missing: restore all packages of TorchSharp-cuda-windows or TorchSharp-cuda-linux");
            }
        }

        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', folders))))[..12];
        var folder = Path.Combine(cache, $"cuda-{BackendPlatform.LibTorchVersion}-{key}");
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var library in libraries)
            {
                LinkFile(Path.Combine(folder, Path.GetFileName(library)), library);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, $"the libraries could not be linked into '{folder}': {e.Message} (set {BackendPlatform.CacheVariable} to a folder on the drive of the package cache)");
        }

        return (folder, null);
    }

    // Windows gives symbolic links only to the privileged; hard links it gives to all, within one drive.
    private static void LinkFile(string link, string target)
    {
        var info = new FileInfo(link);
        if (OperatingSystem.IsWindows())
        {
            if (info.Exists && info.Length == new FileInfo(target).Length && info.LastWriteTimeUtc == File.GetLastWriteTimeUtc(target))
            {
                return;
            }

            info.Delete();
            if (!CreateHardLink(link, target, 0))
            {
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());
            }
        }
        else if (info.LinkTarget != target)
        {
            info.Delete();
            File.CreateSymbolicLink(link, target);
        }
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories) : [];

    [LibraryImport("kernel32.dll", EntryPoint = "CreateHardLinkW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool CreateHardLink(string link, string target, nint security);
}
