using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using TrainTools.Core.Backend;
using TrainTools.Core.Backend.Installation;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Tests.Backend;

/// <summary>Installing from packages that are made here, by a folder and by a feed that can break off.</summary>
public sealed class BackendInstallerTests : IDisposable
{
    private const string Version = BackendPlatform.LibTorchVersion;
    private static readonly string Rid = BackendPlatform.RuntimeIdentifier;
    private static readonly string CoreFile = BackendPlatform.FileName("torch_cpu");
    private static readonly string HeadId = $"libtorch-cuda-{BackendPlatform.CudaPackageVersion}-{Rid}";
    private static readonly string Cuda = OperatingSystem.IsWindows() ? BackendInstaller.CudaWindows : BackendInstaller.CudaLinux;

    private readonly string root = Directory.CreateTempSubdirectory("traintools-").FullName;

    private string Packages => Path.Combine(root, "packages");

    private string Installed => Path.Combine(root, "backends");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Pieces_are_put_together_in_order_and_held_against_their_hash()
    {
        if (OperatingSystem.IsMacOS())
        {
            return; // There is no CUDA for it.
        }

        var whole = WriteCudaPackages();
        var result = new BackendInstaller(Installed).Install(Cuda, new PackageFolder(Packages));

        Assert.Equal(Path.Combine(Installed, $"cuda-{BackendPlatform.CudaPackageVersion}-{Version}"), result.Path);
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(result.Path, "big.so")));
        Assert.Equal(Version, LibTorchVersion.Read(result.Path));
        Assert.Equal(["big.so", "build-version", CoreFile], Directory.GetFiles(result.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.False(result.Verified);
    }

    [Fact]
    public void A_damaged_piece_is_found_and_nothing_is_installed()
    {
        if (OperatingSystem.IsMacOS())
        {
            return; // There is no CUDA for it.
        }

        WriteCudaPackages(damage: true);
        var error = Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).Install(Cuda, new PackageFolder(Packages)));
        Assert.Equal(ErrorIds.PackageChecksumMismatch, error.ErrorId);
        Assert.False(Directory.Exists(new BackendInstaller(Installed).FolderFor(Cuda)));
    }

    [Fact]
    public void A_checksum_beside_a_package_is_honoured()
    {
        if (OperatingSystem.IsMacOS())
        {
            return; // There is no CUDA for it.
        }

        WriteCudaPackages();
        foreach (var package in Directory.GetFiles(Packages))
        {
            File.WriteAllText(package + ".sha512", Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(package))));
        }

        Assert.True(new BackendInstaller(Installed).Install(Cuda, new PackageFolder(Packages)).Verified);
        File.AppendAllText(Directory.GetFiles(Packages, "*part1*.nupkg")[0], "x");
        Assert.Equal(ErrorIds.PackageChecksumMismatch, Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).Install(Cuda, new PackageFolder(Packages))).ErrorId);
    }

    [Fact]
    public void The_cpu_package_must_be_the_one_whose_checksum_is_known()
    {
        var package = Write($"libtorch-cpu-{Rid}", [], ($"runtimes/{Rid}/native/{CoreFile}", [1, 2, 3]));
        File.WriteAllText(package + ".sha512", Convert.ToBase64String(SHA512.HashData(File.ReadAllBytes(package))));
        var error = Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).Install(BackendInstaller.Cpu, new PackageFolder(Packages)));
        Assert.Equal(ErrorIds.PackageChecksumMismatch, error.ErrorId);
        Assert.True(File.Exists(package), "what the user has is left alone");
    }

    [Fact]
    public void A_download_that_breaks_off_is_gone_on_with()
    {
        if (OperatingSystem.IsMacOS())
        {
            return; // There is no CUDA for it.
        }

        var whole = WriteCudaPackages();
        using var handler = new FakeFeed(Packages) { BreakAfter = 100 };
        using var feed = new PackageFeed(FakeFeed.Index, handler);
        for (var tries = 0; tries < 100; tries++)
        {
            try
            {
                var result = new BackendInstaller(Installed).Install(Cuda, feed);
                Assert.Equal(whole, File.ReadAllBytes(Path.Combine(result.Path, "big.so")));
                Assert.True(result.Verified, "the feed's catalogue has the hashes");
                Assert.True(tries > 3, "the feed did not break off");
                Assert.Contains(handler.Requests, r => r.Contains("bytes=100-", StringComparison.Ordinal));
                Assert.False(Directory.Exists(Path.Combine(Installed, ".download")));
                return;
            }
            catch (TrainToolsException e)
            {
                Assert.Equal(ErrorIds.PackageDownloadFailed, e.ErrorId);
            }
        }

        Assert.Fail("it never came to an end");
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Directory.CreateDirectory(Packages);
        var error = Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).Install(BackendInstaller.Cpu, new PackageFolder(Packages)));
        Assert.Equal(ErrorIds.PackageNotFound, error.ErrorId);
        Assert.Contains($"libtorch-cpu-{Rid}.{Version}.nupkg", error.Message, StringComparison.Ordinal);
        using var handler = new FakeFeed(Packages);
        using var feed = new PackageFeed(FakeFeed.Index, handler);
        Assert.Equal(ErrorIds.PackageNotFound, Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).Install(BackendInstaller.Cpu, feed)).ErrorId);
    }

    [Fact]
    public void A_Python_installation_is_pointed_to()
    {
        var torch = Path.Combine(root, "venv", OperatingSystem.IsWindows() ? "Lib" : Path.Combine("lib", "python3.12"), "site-packages", "torch");
        Directory.CreateDirectory(Path.Combine(torch, "lib"));
        File.WriteAllText(Path.Combine(torch, "lib", CoreFile), "");
        File.WriteAllText(Path.Combine(torch, "version.py"), "__version__ = '2.9.1+cpu'\n");
        var installer = new BackendInstaller(Installed);
        Assert.Null(installer.Existing(BackendInstaller.FromPython));
        Assert.Equal(ErrorIds.BackendVersionMismatch, Assert.Throws<TrainToolsException>(() => installer.InstallFromPython(Path.Combine(root, "venv"))).ErrorId);

        File.WriteAllText(Path.Combine(torch, "version.py"), "__version__ = '2.10.0+cu128'\n");
        foreach (var named in (string[])[Path.Combine(root, "venv"), Path.Combine(torch, "lib"), torch, Path.GetDirectoryName(torch)!])
        {
            var result = installer.InstallFromPython(named);
            Assert.Equal(Path.Combine(torch, "lib"), result.Library);
            Assert.Equal(result.Library, File.ReadAllText(Path.Combine(result.Path, "location")).Trim());
        }

        var existing = installer.Existing(BackendInstaller.FromPython)!;
        Assert.Equal((BackendInstallationStatus.AlreadyInstalled, "2.10.0", Path.Combine(torch, "lib")), (existing.Status, existing.Version, existing.Library));
        File.WriteAllText(Path.Combine(torch, "version.py"), "__version__ = '2.11.0'\n");
        Assert.Null(installer.Existing(BackendInstaller.FromPython));

        Assert.Equal(ErrorIds.BackendNotFound, Assert.Throws<TrainToolsException>(() => installer.InstallFromPython(Packages)).ErrorId);
    }

    [Fact]
    public void A_backend_of_another_system_is_refused()
    {
        var other = OperatingSystem.IsWindows() ? BackendInstaller.CudaLinux : BackendInstaller.CudaWindows;
        Assert.Equal(ErrorIds.BackendPlatformMismatch, Assert.Throws<TrainToolsException>(() => new BackendInstaller(Installed).FolderFor(other)).ErrorId);
    }

    [Fact]
    public void The_first_feed_that_is_not_disabled_is_the_users_own()
    {
        var file = Path.Combine(root, "NuGet.Config");
        File.WriteAllText(file, """
            <configuration>
              <packageSources><add key="a" value="https://a.example/index.json" /><add key="b" value="https://b.example/index.json" /></packageSources>
              <disabledPackageSources><add key="a" value="true" /></disabledPackageSources>
            </configuration>
            """);
        Assert.Equal("https://b.example/index.json", PackageSources.Configured(file));
        Assert.Null(PackageSources.Configured(file + ".none"));
        Assert.Equal(ErrorIds.PackageSourceUnknown, Assert.Throws<TrainToolsException>(() => PackageSources.Open(Path.Combine(root, "nowhere"))).ErrorId);
    }

    // A head package, one with a whole library, and a large one in three pieces.
    private byte[] WriteCudaPackages(bool damage = false)
    {
        var whole = new byte[3000];
        new Random(1).NextBytes(whole);
        var sha = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(whole)));
        string[] parts = ["part1", "part2-fragment2", "part2-fragment1", "part2-primary"];
        Write(HeadId, [.. parts.Select(p => $"{HeadId}-{p}")], ("lib/empty.txt", []));
        Write($"{HeadId}-part1", [], ($"runtimes/{Rid}/native/{CoreFile}", [1]), ($"runtimes/{Rid}/native/libtorch_python.so", [1]));
        Write($"{HeadId}-part2-primary", [], ($"runtimes/{Rid}/native/big.so", whole[..1000]), ($"runtimes/{Rid}/native/big.so.sha", sha));
        Write($"{HeadId}-part2-fragment1", [], ($"fragments/{Rid}/native/big.so.fragment1", whole[1000..2000]));
        Write($"{HeadId}-part2-fragment2", [], ($"fragments/{Rid}/native/big.so.fragment2", damage ? whole[..1000] : whole[2000..]));
        return whole;
    }

    private string Write(string id, string[] dependencies, params (string Name, byte[] Bytes)[] files)
    {
        Directory.CreateDirectory(Packages);
        var path = Path.Combine(Packages, $"{id}.{Version}.nupkg");
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        var manifest = $"<package><metadata><id>{id}</id><dependencies><group>{string.Concat(dependencies.Select(d => $"<dependency id=\"{d}\" version=\"{Version}\" />"))}</group></dependencies></metadata></package>";
        foreach (var (name, bytes) in files.Prepend(($"{id}.nuspec", Encoding.UTF8.GetBytes(manifest))))
        {
            using var entry = archive.CreateEntry(name).Open();
            entry.Write(bytes);
        }

        return path;
    }
}
