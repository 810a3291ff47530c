using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>
/// Installs libtorch for the user: packages are fetched, held against their checksums and unpacked into a folder that
/// appears under its name only when it is complete. What an earlier try has left is gone on with.
/// </summary>
public sealed class BackendInstaller
{
    /// <summary>libtorch for the processor.</summary>
    public const string Cpu = "Cpu";

    /// <summary>libtorch with CUDA for Windows.</summary>
    public const string CudaWindows = "CudaWindows";

    /// <summary>libtorch with CUDA for Linux.</summary>
    public const string CudaLinux = "CudaLinux";

    /// <summary>The libtorch of a Python installation, used where it lies.</summary>
    public const string FromPython = "FromPython";

    private const string VersionFile = "build-version";
    private const string LocationFile = "location";
    private const string DownloadFolder = ".download";
    private const string TemporarySuffix = ".tmp";

    private readonly string root;
    private readonly Action<InstallationProgress> report;
    private readonly CancellationToken cancellationToken;

    /// <summary>Prepares installations.</summary>
    /// <param name="root">Folder of installed backends.</param>
    /// <param name="report">Takes progress.</param>
    /// <param name="cancellationToken">Ends an installation; what has come so far stays for the next try.</param>
    public BackendInstaller(string root, Action<InstallationProgress>? report = null, CancellationToken cancellationToken = default)
    {
        this.root = root;
        this.report = report ?? (_ => { });
        this.cancellationToken = cancellationToken;
    }

    /// <summary>The folder that a backend is installed to.</summary>
    /// <exception cref="TrainToolsException">BackendPlatformMismatch.</exception>
    public string FolderFor(string backend)
    {
        var (fits, system) = backend switch
        {
            CudaWindows => (OperatingSystem.IsWindows(), "Windows"),
            CudaLinux => (OperatingSystem.IsLinux(), "Linux"),
            _ => (true, string.Empty),
        };
        return fits ? Path.Combine(root, Name(backend)) : throw new TrainToolsException(
            ErrorIds.BackendPlatformMismatch, ErrorKind.InvalidArgument, $"The backend {backend} is for {system}; this is {BackendPlatform.RuntimeIdentifier}.",
            $"Install {(OperatingSystem.IsWindows() ? CudaWindows : OperatingSystem.IsLinux() ? CudaLinux : Cpu)}, or Cpu.", backend);
    }

    /// <summary>The backend as it is installed already, whole and in the version that is needed; null if it is not.</summary>
    public BackendInstallation? Existing(string backend)
    {
        var folder = FolderFor(backend);
        var library = backend == FromPython ? PythonLocation(folder) : folder;
        if (library is null || !File.Exists(Path.Combine(library, BackendPlatform.FileName("torch_cpu"))))
        {
            return null;
        }

        var version = backend == FromPython ? LibTorchVersion.Read(library) : BackendPlatform.LibTorchVersion;
        return version != BackendPlatform.LibTorchVersion ? null
            : new BackendInstallation(backend, version, folder, library, 0, Verified: null) { Status = BackendInstallationStatus.AlreadyInstalled };
    }

    /// <summary>Installs from packages.</summary>
    /// <exception cref="TrainToolsException">
    /// PackageNotFound, PackageDownloadFailed, PackageChecksumMismatch, PackageInvalid.
    /// </exception>
    public BackendInstallation Install(string backend, IPackageSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var folder = FolderFor(backend);
        var packages = Packages(backend, source);
        var downloads = Path.Combine(root, DownloadFolder);
        Directory.CreateDirectory(downloads);
        var files = new List<string>();
        var verified = true;
        for (var i = 0; i < packages.Count; i++)
        {
            files.Add(Fetch(packages[i], source, downloads, i + 1, packages.Count, ref verified));
        }

        var temporary = folder + TemporarySuffix;
        DeleteFolder(temporary);
        Directory.CreateDirectory(temporary);
        var bytes = NativeUnpacker.Unpack(files, BackendPlatform.RuntimeIdentifier, temporary, report, cancellationToken);
        if (!File.Exists(Path.Combine(temporary, BackendPlatform.FileName("torch_cpu"))))
        {
            throw new TrainToolsException(
                ErrorIds.PackageInvalid, ErrorKind.InvalidData, $"The packages hold no {BackendPlatform.FileName("torch_cpu")} for {BackendPlatform.RuntimeIdentifier}.",
                "Look whether the source has the packages of this system.", packages[0].FileName);
        }

        File.WriteAllText(Path.Combine(temporary, VersionFile), BackendPlatform.LibTorchVersion + "\n");
        DeleteFolder(folder);
        Directory.Move(temporary, folder);
        files.Where(f => Path.GetDirectoryName(f) == downloads).ToList().ForEach(File.Delete);
        DeleteEmpty(downloads);
        return new BackendInstallation(backend, BackendPlatform.LibTorchVersion, folder, folder, bytes, verified);
    }

    /// <summary>Points to the libtorch of a Python installation.</summary>
    /// <param name="environment">Its folder, or one with the libraries; null = looked for.</param>
    /// <exception cref="TrainToolsException">BackendNotFound, BackendVersionMismatch.</exception>
    public BackendInstallation InstallFromPython(string? environment)
    {
        var (library, version) = FindInPython(environment);
        var folder = FolderFor(FromPython);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, LocationFile), library + "\n");
        return new BackendInstallation(FromPython, version, folder, library, 0, Verified: true);
    }

    /// <summary>The libtorch of a Python installation that fits, and its version.</summary>
    /// <param name="environment">Its folder, or one with the libraries; null = looked for.</param>
    /// <exception cref="TrainToolsException">BackendNotFound, BackendVersionMismatch.</exception>
    public static (string Library, string Version) FindInPython(string? environment)
    {
        var core = BackendPlatform.FileName("torch_cpu");
        string[] packages = environment is null ? [.. PythonPackages.Folders()] : [.. PythonPackages.Of(environment), environment, Path.Combine(environment, "..")];
        string[] places = [.. packages.Select(p => Path.Combine(p, "torch", "lib")), .. environment is null ? Array.Empty<string>() : [environment, Path.Combine(environment, "lib")]];
        var found = places.Where(p => File.Exists(Path.Combine(p, core))).Select(p => (Folder: Path.GetFullPath(p), Version: LibTorchVersion.Read(p))).ToList();
        var right = found.Find(f => f.Version == BackendPlatform.LibTorchVersion);
        if (right.Folder is null)
        {
            throw found.Count > 0
                ? new TrainToolsException(
                    ErrorIds.BackendVersionMismatch, ErrorKind.NotSupported,
                    $"The torch in '{found[0].Folder}' is version {found[0].Version ?? "unknown"}; TorchSharp {BackendPlatform.TorchSharpVersion} was built against {BackendPlatform.LibTorchVersion}.",
                    $"Install torch=={BackendPlatform.LibTorchVersion} there, or take the Cpu or a CUDA backend.", found[0].Folder)
                : new TrainToolsException(
                    ErrorIds.BackendNotFound, ErrorKind.NotFound, environment is null ? "No Python installation with torch was found." : $"There is no torch with {core} in '{environment}'.",
                    "Name the folder of the environment that torch is installed in (-Source).", environment);
        }

        return (right.Folder, right.Version!);
    }

    private static string? PythonLocation(string folder)
    {
        var file = Path.Combine(folder, LocationFile);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    // The search takes the last name first: what Python has, because someone pointed to it, then CUDA, then the processor.
    private static string Name(string backend) => backend switch
    {
        Cpu => $"cpu-{BackendPlatform.LibTorchVersion}",
        FromPython => "python",
        _ => $"cuda-{BackendPlatform.CudaPackageVersion}-{BackendPlatform.LibTorchVersion}",
    };

    private List<PackageIdentity> Packages(string backend, IPackageSource source)
    {
        var rid = BackendPlatform.RuntimeIdentifier;
        if (backend == Cpu)
        {
            return [new PackageIdentity($"libtorch-cpu-{rid}", BackendPlatform.LibTorchVersion)];
        }

        // The head package holds nothing; it names the packages with the libraries.
        var head = new PackageIdentity($"libtorch-cuda-{BackendPlatform.CudaPackageVersion}-{rid}", BackendPlatform.LibTorchVersion);
        return [.. source.Dependencies(head, cancellationToken).Where(p => p.Id.StartsWith(head.Id + "-", StringComparison.Ordinal))];
    }

    private string Fetch(PackageIdentity package, IPackageSource source, string downloads, int number, int count, ref bool verified)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var file = source.Fetch(package, downloads, Progress("Downloading"), cancellationToken);
        var expected = PackageChecksums.Of(package) ?? source.Checksum(package, cancellationToken);
        if (expected is null)
        {
            verified = false;
            return file;
        }

        var actual = PackageChecksums.Compute(file, Progress("Checking"), cancellationToken);
        if (actual == expected)
        {
            return file;
        }

        if (Path.GetDirectoryName(file) == downloads)
        {
            // What was downloaded is of no use to a second try.
            File.Delete(file);
        }

        throw new TrainToolsException(
            ErrorIds.PackageChecksumMismatch, ErrorKind.InvalidData, $"{file} is not the package {package}: its SHA-512 is {actual} instead of {expected}.",
            "Get the package again, from a source you trust.", file);

        Action<long, long> Progress(string activity) => (done, total) => report(new InstallationProgress(activity, package.Id, done, total, number, count));
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void DeleteEmpty(string folder)
    {
        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }
}
