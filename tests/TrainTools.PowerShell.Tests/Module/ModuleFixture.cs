using System.Management.Automation;
using TrainTools.Docs;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>The module's cmdlets and their help, read once.</summary>
public sealed class ModuleFixture : IDisposable
{
    public ModuleFixture()
    {
        Commands = [.. Shell.Output("(Get-Module TrainTools).ExportedCmdlets.Values").Select(c => (CmdletInfo)c.BaseObject)];
        Pages = HelpBuilder.ReadPages(DocsFolder).ToDictionary(p => p.Name);
    }

    public static string DocsFolder { get; } = Path.Combine(Example.Root, "docs", "en-US");

    public Shell Shell { get; } = new();

    public IReadOnlyList<CmdletInfo> Commands { get; }

    public IReadOnlyDictionary<string, HelpPage> Pages { get; }

    public void Dispose() => Shell.Dispose();
}
