using TrainTools.Core.Cleaning;

namespace TrainTools.Core.Tests.Cleaning;

/// <summary>The page on cleaning names every rule as it is.</summary>
public class CleaningDocsTests
{
    private static string? Page()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Path.Combine(folder.FullName, "docs", "cleaning.md") is var path && File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    [Fact]
    public void Every_rule_stands_in_the_table_with_its_actions()
    {
        var rows = File.ReadLines(Page()!).Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries))
            .Where(c => c.Length == 10).ToDictionary(c => c[1].Trim('`'), c => c[3..8]);
        Assert.Equal(CleaningRules.All.Select(r => r.Id), rows.Keys);
        Assert.All(CleaningRules.All, rule => Assert.Equal(rule.Actions.Select(a => a == CleaningAction.None ? "off" : a.ToString().ToLowerInvariant()), rows[rule.Id]));
    }
}
