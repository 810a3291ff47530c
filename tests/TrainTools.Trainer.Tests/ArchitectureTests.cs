using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace TrainTools.Trainer.Tests;

/// <summary>
/// Which way the arrows run: Host → PowerShell → Core ← Trainer. Read from the project files and from the metadata of
/// the built assemblies, without loading them.
/// </summary>
public class ArchitectureTests
{
    private static readonly string Root = FindRoot();

    /// <summary>Project, assembly, what it must never refer to, and the projects it may refer to.</summary>
    public static TheoryData<string, string, string[], string[]> Projects => new()
    {
        { "TrainTools.Core", "TrainTools.Core", ["TorchSharp", "System.Management.Automation", "PowerShellStandard.Library"], [] },
        { "TrainTools.Trainer", "TrainTools.Trainer", ["System.Management.Automation", "PowerShellStandard.Library"], ["TrainTools.Core"] },
        { "TrainTools.PowerShell", "TrainTools", ["TorchSharp"], ["TrainTools.Core"] },
        { "TrainTools.Host", "TrainTools.Host", ["TorchSharp"], [] },
    };

    [Theory]
    [MemberData(nameof(Projects))]
    public void AssembliesReferOnlyAlongTheArrows(string project, string assembly, string[] forbidden, string[] allowed)
    {
        var references = References(AssemblyPath(project, assembly));
        Assert.NotEmpty(references);
        Assert.Empty(references.Intersect(forbidden));
        Assert.Empty(references.Where(r => r.StartsWith("TrainTools", StringComparison.Ordinal)).Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectFilesReferOnlyAlongTheArrows(string project, string assembly, string[] forbidden, string[] allowed)
    {
        Assert.NotNull(assembly);
        var xml = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        var packages = xml.Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!);
        Assert.DoesNotContain(packages, p => forbidden.Any(f => p.StartsWith(f, StringComparison.OrdinalIgnoreCase)));

        // A reference that only orders the build does not bring the assembly in.
        Assert.Empty(xml.Descendants("ProjectReference").Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
            .Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/'))).Except(allowed));
    }

    [Fact]
    public void TheReaderSeesReferences() => Assert.Contains("TorchSharp", References(AssemblyPath("TrainTools.Trainer", "TrainTools.Trainer")));

    private static List<string> References(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(h => metadata.GetString(metadata.GetAssemblyReference(h).Name))];
    }

    /// <summary>The assembly built in the configuration of this test.</summary>
    private static string AssemblyPath(string project, string assembly)
    {
        var output = Path.GetRelativePath(Path.Combine(Root, "tests", "TrainTools.Trainer.Tests"), AppContext.BaseDirectory);
        return Path.Combine(Root, "src", project, output, assembly + ".dll");
    }

    private static string FindRoot()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "TrainTools.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        return root;
    }
}
