using System.Text.RegularExpressions;

namespace TrainTools.Docs;

/// <summary>The text of a page by its headings.</summary>
internal static partial class PageText
{
    /// <summary>What stands under a heading of level 2.</summary>
    public static string Section(string page, string name)
    {
        var (start, end) = Range(page, name);
        return page[start..end];
    }

    /// <summary>The page with another text under a heading of level 2.</summary>
    public static string Replace(string page, string name, string text)
    {
        var (start, end) = Range(page, name);
        return $"{page[..start]}\n{text}{(end < page.Length ? "\n" : "")}{page[end..]}";
    }

    /// <summary>The texts under the headings of level 3 of a section.</summary>
    public static Dictionary<string, string> Parts(string section)
    {
        var starts = Heading3().Matches(section);
        return starts.Select((m, i) => (m.Groups[1].Value, section[(m.Index + m.Length)..(i + 1 < starts.Count ? starts[i + 1].Index : section.Length)]))
            .ToDictionary(p => p.Item1, p => p.Item2);
    }

    /// <summary>What stands before the first block of YAML.</summary>
    public static string BeforeYaml(string part) => part.Split("```yaml", 2)[0].Trim();

    private static (int Start, int End) Range(string page, string name)
    {
        var heading = $"\n## {name}\n";
        var at = page.IndexOf(heading, StringComparison.Ordinal);
        if (at < 0)
        {
            throw new HelpPageException("page", 1, $"there is no section '## {name}'.");
        }

        var start = at + heading.Length;
        var next = page.IndexOf("\n## ", start - 1, StringComparison.Ordinal);
        return (start, next < 0 ? page.Length : next + 1);
    }

    [GeneratedRegex(@"^### (.+)\n", RegexOptions.Multiline)]
    private static partial Regex Heading3();
}
