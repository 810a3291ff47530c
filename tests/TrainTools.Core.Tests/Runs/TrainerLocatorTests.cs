using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Tests.Runs;

public sealed class TrainerLocatorTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("traintools-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void DotNetRunsTheAssembly()
    {
        var command = TrainerLocator.CommandFor(folder, "/x/dotnet", null, "/r");
        Assert.Equal("/x/dotnet", command.FileName);
        Assert.Equal([Path.Combine(folder, "TrainTools.Trainer.dll"), "run", "a b"], command.With(["run", "a b"]));
    }

    [Fact]
    public void ASelfContainedTrainerRunsByItself()
    {
        var program = Path.Combine(folder, OperatingSystem.IsWindows() ? "TrainTools.Trainer.exe" : "TrainTools.Trainer");
        File.WriteAllText(program, "");
        Assert.Equal("/x/dotnet", TrainerLocator.CommandFor(folder, "/x/dotnet", null, "/r").FileName);

        File.WriteAllText(Path.Combine(folder, OperatingSystem.IsWindows() ? "coreclr.dll" : OperatingSystem.IsMacOS() ? "libcoreclr.dylib" : "libcoreclr.so"), "");
        Assert.Equal((program, 0), TrainerLocator.CommandFor(folder, "/x/dotnet", null, "/r") is var c ? (c.FileName, c.Arguments.Count) : default);
    }

    [Fact]
    public void PowerShellsOwnRuntimeIsTheLastResort()
    {
        var pwsh = Path.Combine(folder, "ps7", "pwsh");
        var command = TrainerLocator.CommandFor("/it's here", null, pwsh, Path.Combine(folder, "ps7") + Path.DirectorySeparatorChar);
        Assert.Equal(pwsh, command.FileName);
        var script = command.With(["run", "o'brien"])[^1];
        Assert.Contains("'run', 'o''brien'", script, StringComparison.Ordinal);
        Assert.Contains("it''s here", script, StringComparison.Ordinal);
    }

    [Fact]
    public void NoRuntimeIsAnErrorThatNamesIt()
    {
        var error = Assert.Throws<TrainToolsException>(() => TrainerLocator.CommandFor(folder, null, "/usr/bin/other", "/r"));
        Assert.Equal(ErrorIds.DotNetNotFound, error.ErrorId);
        Assert.Contains(".NET 10", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADotNetWithoutTheRuntimeIsPassedOver()
    {
        var dotnet = Path.Combine(folder, "dotnet");
        File.WriteAllText(dotnet, "");
        Assert.False(DotNetRuntime.HasRuntime(dotnet));
        Directory.CreateDirectory(Path.Combine(folder, "shared", "Microsoft.NETCore.App", "8.0.1"));
        Assert.False(DotNetRuntime.HasRuntime(dotnet));
        Directory.CreateDirectory(Path.Combine(folder, "shared", "Microsoft.NETCore.App", "10.0.1"));
        Assert.True(DotNetRuntime.HasRuntime(dotnet));
        if (!OperatingSystem.IsWindows())
        {
            var link = Path.Combine(folder, "link");
            File.CreateSymbolicLink(link, dotnet);
            Assert.True(DotNetRuntime.HasRuntime(link));
        }
    }

    [Fact]
    public void MemoryIsKeptOnLinuxUnlessTheUserChoseOtherwise()
    {
        Assert.Equal(3, AllocatorSettings.For(linux: true, ["PATH"]).Count);
        Assert.Empty(AllocatorSettings.For(linux: false, ["PATH"]));
        Assert.Empty(AllocatorSettings.For(linux: true, ["MALLOC_ARENA_MAX"]));
        Assert.Empty(AllocatorSettings.For(linux: true, ["LD_PRELOAD"]));
    }

    [Fact]
    public void ThisMachineHasOne() => Assert.NotNull(DotNetRuntime.Find());
}
