using System.Runtime.InteropServices;
using System.Text;
using TrainTools.Core.Backend;
using TrainTools.Core.Errors;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Tests.Backend;

/// <summary>The adaptation of TorchSharp's library to GCC 12's C++ runtime, on the real file. Linux only: elsewhere there is no such file to load.</summary>
public class BindingPatchTests
{
    private static readonly string Original = Path.Combine(
        AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    private static readonly string[] Gcc12 = Versions(30);
    private static readonly string[] Gcc13 = Versions(32);

    [Fact]
    public void ARuntimeThatHasEverythingNeedsNoPatch()
    {
        var (fit, missing) = BindingPatch.Judge(ElfFile.Parse(File.ReadAllBytes(Original)), Gcc13);
        Assert.Equal(BindingFit.Fits, fit);
        Assert.Empty(missing);
    }

    [Fact]
    public void Gcc12NeedsThePatch()
    {
        var (fit, missing) = BindingPatch.Judge(ElfFile.Parse(File.ReadAllBytes(Original)), Gcc12);
        Assert.Equal(BindingFit.NeedsPatch, fit);
        Assert.Equal(["GLIBCXX_3.4.32"], missing);
    }

    [Fact]
    public void AnOlderRuntimeIsTooOld()
    {
        var (fit, missing) = BindingPatch.Judge(ElfFile.Parse(File.ReadAllBytes(Original)), Versions(29));
        Assert.Equal(BindingFit.TooOld, fit);
        Assert.Equal(["GLIBCXX_3.4.30", "GLIBCXX_3.4.32"], missing);
    }

    [Fact]
    public void ThePatchedCopyAsksForNothingNewAndChangesAFewBytes()
    {
        var source = File.ReadAllBytes(Original);
        var patched = BindingPatch.Apply(source, Original);
        var elf = ElfFile.Parse(patched);

        Assert.Equal(BindingFit.Fits, BindingPatch.Judge(elf, Gcc12).Fit);
        var import = Assert.Single(elf.Symbols(), s => s.Name == "_ZNSt8ios_base4InitC1Ev");
        Assert.True(import.IsImport);
        Assert.Equal("GLIBCXX_3.4", elf.Versions.Single(v => v.Index == import.VersionIndex).Name);
        Assert.DoesNotContain(elf.Symbols(), s => s.Name.Contains("ios_base_library_init", StringComparison.Ordinal));

        // The name (28 bytes), the symbol's version index (2), the hash and name of one version record (8).
        var changed = Enumerable.Range(0, source.Length).Where(i => source[i] != patched[i]).ToArray();
        Assert.Equal(source.Length, patched.Length);
        Assert.InRange(changed.Length, 1, 38);
    }

    [Fact]
    public void TheSourceIsLeftAlone()
    {
        var source = File.ReadAllBytes(Original);
        BindingPatch.Apply(source, Original);
        Assert.Equal(File.ReadAllBytes(Original), source);
    }

    [Fact]
    public void ThePatchedCopyLoads()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return;
        }

        // libtorch is loaded in this process, so the loader only has to resolve this file's own imports.
        using var folder = new TemporaryFolder();
        var path = folder["copy.so"];
        File.WriteAllBytes(path, BindingPatch.Apply(File.ReadAllBytes(Original), Original));
        Assert.True(NativeLibrary.TryLoad(path, out var handle));
        Assert.True(NativeLibrary.TryGetExport(handle, "THSTorch_manual_seed", out _));
    }

    [Fact]
    public void PrepareLeavesAFittingSystemAloneAndPatchesAnOlderOne()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return;
        }

        using var cache = new TemporaryFolder();
        Assert.Equal((Original, false), BindingLibrary.Prepare(Original, Gcc13, cache.Path));
        Assert.Empty(Directory.GetFileSystemEntries(cache.Path));

        var (path, patched) = BindingLibrary.Prepare(Original, Gcc12, cache.Path);
        Assert.True(patched);
        Assert.Equal(cache.Path, Path.GetDirectoryName(path));
        Assert.Equal(BindingPatch.Apply(File.ReadAllBytes(Original), Original), File.ReadAllBytes(path));

        // A damaged copy is written again, a good one is kept; no temporary file stays.
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Equal((path, true), BindingLibrary.Prepare(Original, Gcc12, cache.Path));
        Assert.Equal(new FileInfo(Original).Length, new FileInfo(path).Length);
        Assert.Single(Directory.GetFileSystemEntries(cache.Path));

        var error = Assert.Throws<TrainToolsException>(() => BindingLibrary.Prepare(Original, Versions(29), cache.Path));
        Assert.Equal(ErrorIds.BackendLoadFailed, error.ErrorId);
        Assert.Contains("GLIBCXX_3.4.30", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("empty")]
    [InlineData("half")]
    [InlineData("32-bit")]
    [InlineData("renamed import")]
    [InlineData("second user")]
    [InlineData("garbled tables")]
    [InlineData("no such version")]
    public void AnUnexpectedFileIsRefused(string what)
    {
        var image = File.ReadAllBytes(Original);
        var elf = ElfFile.Parse(image);
        var import = elf.Symbols().Single(s => s.Name == "_ZSt21ios_base_library_initv");
        switch (what)
        {
            case "text":
                image = Encoding.ASCII.GetBytes(new string('x', 1000));
                break;
            case "empty":
                image = [];
                break;
            case "half":
                image = image[..(image.Length / 16)];
                break;
            case "32-bit":
                image[4] = 1;
                break;
            case "renamed import":
                image[elf.StringTable + import.NameOffset + 5] = (byte)'x';
                break;
            case "second user":
                var other = elf.Symbols().First(s => s.IsImport && s.VersionIndex == 2);
                image[other.VersionOffset] = (byte)import.VersionIndex;
                break;
            case "garbled tables":
                image.AsSpan(0x3f8f0, 0x210).Fill(0xff);
                break;
            case "no such version":
                var version = elf.Versions.Single(v => v.Name == "GLIBCXX_3.4.32");
                image[elf.StringTable + version.NameOffset + 12] = (byte)'9';
                break;
        }

        var error = Assert.Throws<TrainToolsException>(() => BindingPatch.Apply(image, "the file"));
        Assert.Equal(ErrorIds.BackendFileUnexpected, error.ErrorId);
        Assert.Contains("the file", error.Message, StringComparison.Ordinal);
        Assert.NotNull(error.Remedy);
    }

    [Fact]
    public void AFileThatIsNoLibraryIsRefusedBeforeLoading()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("not a library", "libLibTorchSharp.so");
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(ErrorIds.BackendFileUnexpected, Assert.Throws<TrainToolsException>(() => BindingLibrary.Prepare(path, Gcc12, folder.Path)).ErrorId);
        }
    }

    [Fact]
    public void AnOlderCRuntimeIsTooOldToo()
    {
        var (fit, missing) = BindingPatch.Judge(ElfFile.Parse(File.ReadAllBytes(Original)), [.. Gcc13.Where(v => v != "GLIBC_2.34")]);
        Assert.Equal(BindingFit.TooOld, fit);
        Assert.Equal(["GLIBC_2.34"], missing);
    }

    [Fact]
    public void TheSystemsRuntimesAreFoundAndRead()
    {
        if (OperatingSystem.IsLinux())
        {
            Assert.Contains("GLIBCXX_3.4.30", BindingLibrary.SystemVersions());
            Assert.Contains("GLIBC_2.34", BindingLibrary.SystemVersions());
        }
    }

    [Fact]
    public void TheHashIsTheOneOfTheElfSpecification() => Assert.Equal(0x08922974u, ElfFile.Hash("GLIBCXX_3.4"));

    private static string[] Versions(int newest) =>
    [
        "GLIBCXX_3.4", .. Enumerable.Range(1, newest).Select(i => $"GLIBCXX_3.4.{i}"),
        "CXXABI_1.3", .. Enumerable.Range(1, 15).Select(i => $"CXXABI_1.3.{i}"),
        "GLIBC_2.2.5", .. Enumerable.Range(3, 32).Select(i => $"GLIBC_2.{i}"),
    ];
}
