using System.Runtime.CompilerServices;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Tests.Configuration;

public class RuleDocumentationTests
{
    /// <summary>To bring the page up to date, run this test with UPDATE_DOCS=1.</summary>
    [Fact]
    public void The_page_is_current()
    {
        var path = Path.Combine(Path.GetDirectoryName(Source())!, "..", "..", "..", "docs", "rules.md");
        var page = RuleDocumentation.Write();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, page);
        }

        Assert.Equal(page, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void The_page_names_every_rule_with_its_source()
    {
        var page = RuleDocumentation.Write();
        Assert.All(ConfigRules.All, r =>
        {
            Assert.Contains($"### {r.Id}\n", page, StringComparison.Ordinal);
            Assert.Contains($"- Source: {r.Source}\n", page, StringComparison.Ordinal);
        });
    }

    private static string Source([CallerFilePath] string path = "") => path;
}
