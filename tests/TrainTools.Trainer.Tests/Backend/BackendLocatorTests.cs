using TrainTools.Core.Backend;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests.Backend;

public sealed class BackendLocatorTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string file = BackendPlatform.FileName("torch_cpu");
    private readonly string rid = BackendPlatform.RuntimeIdentifier;

    private BackendSearch Search => new()
    {
        InstalledFolder = folder["installed"],
        PackageFolders = [folder["packages"]],
        PythonPackageFolders = [folder["python"]],
        CacheFolder = folder["cache"],
    };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void EachPlaceIsTakenInItsTurn()
    {
        var python = LibTorch("python", "torch", "lib");
        folder.Write("from typing import Optional\n__version__ = '2.10.0+cu128'\n", "python", "torch", "version.py");
        Assert.Equal(("python", python), Taken(Search));

        var package = LibTorch("packages", $"libtorch-cpu-{rid}", "2.10.0", "runtimes", rid, "native");
        Assert.Equal(("nuget", package), Taken(Search));

        var installed = LibTorch("installed", "cpu", "lib");
        folder.Write("2.10.0+cpu\n", "installed", "cpu", "build-version");
        Assert.Equal(("installed", installed), Taken(Search));

        var named = LibTorch("named");
        Assert.Equal(("TRAINTOOLS_LIBTORCH", named), Taken(Search with { Configured = named }));
    }

    [Fact]
    public void EveryPlaceLookedAtIsReportedWithItsReason()
    {
        LibTorch("python", "torch", "lib");
        folder.Write("__version__ = '2.9.1'\n", "python", "torch", "version.py");
        var choice = BackendLocator.Locate(Search);
        Assert.Null(choice.Folder);
        Assert.Collection(
            choice.Candidates,
            c => Assert.Equal(("installed", false, "no backend is installed there"), (c.Source, c.Taken, c.Reason)),
            c => Assert.Equal(("nuget", false, $"there is no {file}"), (c.Source, c.Taken, c.Reason)),
            c => Assert.Equal(("python", false, "2.9.1"), (c.Source, c.Taken, c.Version)));
    }

    [Fact]
    public void AnotherVersionIsRefusedWithBothNamedUnlessForced()
    {
        var named = LibTorch("named");
        folder.Write("2.7.1+cpu", "named", "build-version");
        var choice = BackendLocator.Locate(Search with { Configured = named });
        Assert.Equal(ErrorIds.BackendVersionMismatch, choice.Error!.ErrorId);
        Assert.Contains("2.7.1", choice.Error.Message, StringComparison.Ordinal);
        Assert.Contains("2.10.0", choice.Error.Message, StringComparison.Ordinal);

        Assert.Equal(named, BackendLocator.Locate(Search with { Configured = named, Force = true }).Folder);
    }

    [Fact]
    public void ANamedFolderWithoutLibtorchIsAnErrorAndNotPassedOver()
    {
        LibTorch("packages", $"libtorch-cpu-{rid}", "2.10.0", "runtimes", rid, "native");
        var choice = BackendLocator.Locate(Search with { Configured = folder["nothing"] });
        Assert.Equal(ErrorIds.BackendNotFound, choice.Error!.ErrorId);
        Assert.Contains(folder["nothing"], choice.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingAnywhereNamesTheFoldersAndTheWayOut()
    {
        var error = BackendLocator.Locate(Search).Error!;
        Assert.Equal(ErrorIds.BackendNotFound, error.ErrorId);
        Assert.Contains(folder["packages"], error.Message, StringComparison.Ordinal);
        Assert.Contains("Install-TrainingBackend", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void AnInstalledBackendMayPointElsewhere()
    {
        var elsewhere = LibTorch("venv", "torch", "lib");
        folder.Write("__version__: str = \"2.10.0\"", "venv", "torch", "version.py");
        folder.Write(elsewhere + "\n", "installed", "python", "location");
        Assert.Equal(("installed", elsewhere), Taken(Search));
    }

    [Fact]
    public void CudaPackagesAreTakenWhereThereIsADriver()
    {
        var cpu = LibTorch("packages", $"libtorch-cpu-{rid}", "2.10.0", "runtimes", rid, "native");
        CudaPackage("part1", "c10", "torch", "c10_cuda");
        CudaPackage("part2-primary", "torch_cpu");

        var search = Search with { NvidiaDriver = true };
        var incomplete = BackendLocator.Locate(search);
        Assert.Contains(BackendPlatform.FileName("torch_cuda"), incomplete.Candidates[1].Reason, StringComparison.Ordinal);
        Assert.Equal(cpu, incomplete.Folder);

        CudaPackage("part3-primary", "torch_cuda");
        var fragment = folder.Write("x", "packages", $"libtorch-cuda-12.8-{rid}-part3-fragment1", "2.10.0", "fragments", rid, "native", file + ".fragment1");
        Assert.Contains("not put together", BackendLocator.Locate(search).Candidates[1].Reason, StringComparison.Ordinal);

        File.Delete(fragment);
        Assert.Contains("driver", BackendLocator.Locate(Search).Candidates[1].Reason, StringComparison.Ordinal);
        var choice = BackendLocator.Locate(search);
        Assert.Equal("2.10.0", choice.Version);
        Assert.StartsWith(folder["cache"], choice.Folder, StringComparison.Ordinal);
        Assert.Equal(
            new[] { "c10", "c10_cuda", "torch", "torch_cpu", "torch_cuda" }.Select(BackendPlatform.FileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(choice.Folder!).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("torch_cuda", File.ReadAllText(Path.Combine(choice.Folder!, BackendPlatform.FileName("torch_cuda"))));
        Assert.Equal(choice.Folder, BackendLocator.Locate(search).Folder);
    }

    [Fact]
    public void NoOutputFolderHoldsACopyOfLibtorch()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "TrainTools.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        // Only what a build writes: nobody's package folder or editor cache that may lie in the tree as well.
        var outputs = new[] { "src", "tests", "bench", "out" }.Select(d => Path.Combine(root, d)).Where(Directory.Exists);
        Assert.Empty(outputs.SelectMany(d => Directory.EnumerateFiles(d, file, SearchOption.AllDirectories)));
    }

    private (string Source, string? Folder) Taken(BackendSearch search)
    {
        var choice = BackendLocator.Locate(search);
        return (choice.Candidates.Single(c => c.Taken).Source, choice.Folder);
    }

    private string LibTorch(params string[] parts) => Path.GetDirectoryName(folder.Write("", [.. parts, file]))!;

    private void CudaPackage(string part, params string[] libraries)
    {
        foreach (var library in libraries)
        {
            folder.Write(library, "packages", $"libtorch-cuda-12.8-{rid}-{part}", "2.10.0", "runtimes", rid, "native", BackendPlatform.FileName(library));
        }
    }
}
