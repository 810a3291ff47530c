using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using TrainTools.Docs;

namespace TrainTools.PowerShell.Tests.Module;

/// <summary>Nothing public without help, and no example that cannot be typed.</summary>
public sealed class HelpTests(ModuleFixture module) : IClassFixture<ModuleFixture>
{
    private const int Examples = 3;

    [Fact]
    public void Every_cmdlet_has_a_page_and_every_page_a_cmdlet() =>
        Assert.Equal(module.Commands.Select(c => c.Name).Order(), module.Pages.Keys.Order());

    [Fact]
    public void Pages_are_whole() => Assert.All(module.Pages.Values, p =>
    {
        Assert.NotEmpty(p.Synopsis);
        Assert.NotEmpty(p.Description);
        Assert.True(p.Examples.Count >= Examples, $"{p.Name} has {p.Examples.Count} examples");
        Assert.NotEmpty(p.Outputs);
        Assert.NotEmpty(p.Links);
        Assert.All(p.Parameters, parameter => Assert.True(parameter.Description.Count > 0 && parameter.Description[0].Length > 0, $"{p.Name} -{parameter.Name} is not described"));
    });

    [Fact]
    public void Syntax_and_parameters_of_the_pages_are_those_of_the_module() =>
        Assert.Empty(HelpUpdater.Update(Shell.Manifest, ModuleFixture.DocsFolder).Select(f => f.File));

    [Fact]
    public void Examples_parse_and_bind()
    {
        Runspace.DefaultRunspace = module.Shell.Runspace;
        var commands = module.Commands.ToDictionary(c => c.Name, StringComparer.OrdinalIgnoreCase);
        Assert.All(module.Pages.Values.SelectMany(p => p.Examples.Select(e => (Page: p.Name, e.Title, e.Code))), example =>
        {
            var ast = Parser.ParseInput(example.Code, out _, out var errors);
            Assert.Empty(errors.Select(e => e.Message));
            var used = ast.FindAll(a => a is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>().Where(c => c.GetCommandName() is { } name && commands.ContainsKey(name)).ToList();
            Assert.Contains(used, c => c.GetCommandName() == example.Page);
            Assert.All(used.Where(c => !c.CommandElements.OfType<VariableExpressionAst>().Any(v => v.Splatted)), c =>
                Assert.Empty(StaticParameterBinder.BindCommand(c, resolve: true).BindingExceptions.Select(e => $"{example.Page}, {example.Title}: {e.Key}: {e.Value.BindingException.Message}")));
        });
    }

    [Fact]
    public void Related_links_lead_somewhere()
    {
        var known = Directory.GetFiles(ModuleFixture.DocsFolder, "*.md").Select(Path.GetFileName).ToHashSet();
        Assert.All(module.Pages.Values.SelectMany(p => p.Links.Select(l => (p.Name, l.Address))), link => Assert.Contains(link.Address, known));
    }

    [Fact]
    public void Get_Help_finds_it_in_the_built_module()
    {
        var help = Assert.Single(module.Shell.Output("Get-Help Get-FineTuneRun -Full"));
        Assert.Equal(module.Pages["Get-FineTuneRun"].Synopsis, help.Text("Synopsis"));
        Assert.Equal(module.Pages["Get-FineTuneRun"].Examples.Count, ((object[])help.Get("examples.example")!).Length);
    }

    [Theory]
    [InlineData("about_TrainTools")]
    [InlineData("about_TrainTools_Config")]
    [InlineData("about_TrainTools_Cleaning")]
    [InlineData("about_TrainTools_Diagnosis")]
    [InlineData("about_TrainTools_Scheduling")]
    public void About_topics_are_there_and_fit_80_columns(string topic)
    {
        var file = Path.Combine(Path.GetDirectoryName(Shell.Manifest)!, "en-US", topic + ".help.txt");
        var lines = File.ReadAllLines(file);
        Assert.Contains("SHORT DESCRIPTION", lines);

        // Code is not broken.
        Assert.All(lines.Where(l => !l.StartsWith("        ", StringComparison.Ordinal)), l => Assert.True(l.Length <= 80, l));
        Assert.Single(module.Shell.Output("Get-Help $args[0]", topic));
    }

    [Fact]
    public void A_page_that_is_not_as_pages_are_is_named_with_its_line()
    {
        using var folder = new TemporaryFolder();
        var page = folder.File("Get-It.md", "# Get-It\n\n## SYNOPSIS\nIt.\n\n## SYNTAX\n\n## DESCRIPTION\nIt.\n\n## EXAMPLES\n\n### Example 1: none\nNo code.\n");
        var error = Assert.Throws<HelpPageException>(() => HelpPageReader.Read(page));
        Assert.StartsWith($"{page}(13): error HELP:", error.Message, StringComparison.Ordinal);
    }
}
