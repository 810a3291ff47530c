using Markdig;
using Markdig.Extensions.Yaml;
using Markdig.Syntax;

namespace TrainTools.Docs;

/// <summary>Reads a cmdlet's page: Markdown under the headings of platyPS (schema 2.0.0).</summary>
public sealed class HelpPageReader
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UseYamlFrontMatter().Build();

    private readonly string file;
    private readonly IReadOnlyList<Block> blocks;

    private HelpPageReader(string file)
    {
        this.file = file;
        blocks = [.. Markdown.Parse(File.ReadAllText(file), Pipeline).Where(b => b is not YamlFrontMatterBlock)];
    }

    /// <summary>Reads a page.</summary>
    /// <exception cref="HelpPageException">It is not as help pages are.</exception>
    public static HelpPage Read(string file) => new HelpPageReader(file).Read();

    private HelpPage Read()
    {
        if (blocks is not [HeadingBlock { Level: 1 } title, ..])
        {
            throw new HelpPageException(file, 1, "the page must begin with a heading of the cmdlet's name.");
        }

        return new HelpPage(
            MarkdownText.Of(title.Inline),
            string.Join(' ', Paragraphs(Section("SYNOPSIS"))),
            [.. Parts(Section("SYNTAX")).Select(Syntax)],
            Paragraphs(Section("DESCRIPTION")),
            [.. Parts(Section("EXAMPLES")).Select(Example)],
            [.. Parts(Section("PARAMETERS")).Where(p => p.Title != "CommonParameters").Select(Parameter)],
            [.. Parts(Section("INPUTS")).Select(p => new HelpType(p.Title, Paragraphs(p.Blocks)))],
            [.. Parts(Section("OUTPUTS")).Select(p => new HelpType(p.Title, Paragraphs(p.Blocks)))],
            Paragraphs(Section("NOTES")),
            [.. Section("RELATED LINKS").OfType<ParagraphBlock>().SelectMany(p => MarkdownText.Links(p.Inline))]);
    }

    private List<Block> Section(string name)
    {
        var start = blocks.ToList().FindIndex(b => b is HeadingBlock { Level: 2 } h && MarkdownText.Of(h.Inline) == name);
        return start >= 0
            ? [.. blocks.Skip(start + 1).TakeWhile(b => b is not HeadingBlock { Level: <= 2 })]
            : throw new HelpPageException(file, 1, $"there is no section '## {name}'.");
    }

    private static IEnumerable<Part> Parts(List<Block> section)
    {
        for (var i = 0; i < section.Count; i++)
        {
            if (section[i] is HeadingBlock { Level: 3 } heading)
            {
                yield return new Part(
                    MarkdownText.Of(heading.Inline), heading.Line + 1, [.. section.Skip(i + 1).TakeWhile(b => b is not HeadingBlock)]);
            }
        }
    }

    private HelpSyntax Syntax(Part part)
    {
        const string mark = " (Default)";
        var isDefault = part.Title.EndsWith(mark, StringComparison.Ordinal);
        var code = part.Blocks.OfType<FencedCodeBlock>().FirstOrDefault() ?? throw new HelpPageException(file, part.Line, "a syntax needs a block of code.");
        return new HelpSyntax(isDefault ? part.Title[..^mark.Length] : part.Title, isDefault, code.Lines.ToString().Trim());
    }

    private HelpExample Example(Part part)
    {
        var at = part.Blocks.FindIndex(b => b is FencedCodeBlock { Info: "powershell" });
        return at >= 0
            ? new HelpExample(
                part.Title,
                Paragraphs(part.Blocks[..at]),
                ((FencedCodeBlock)part.Blocks[at]).Lines.ToString().TrimEnd(),
                Paragraphs(part.Blocks[(at + 1)..]))
            : throw new HelpPageException(file, part.Line, $"the example '{part.Title}' needs a block of powershell.");
    }

    private HelpParameter Parameter(Part part)
    {
        var bindings = part.Blocks.OfType<FencedCodeBlock>().Where(b => b.Info == "yaml").Select(Binding).ToList();
        return bindings.Count > 0
            ? new HelpParameter(part.Title.TrimStart('-'), Paragraphs([.. part.Blocks.Where(b => b is not FencedCodeBlock { Info: "yaml" })]), bindings)
            : throw new HelpPageException(file, part.Line, $"the parameter {part.Title} needs a block of yaml.");
    }

    private ParameterBinding Binding(FencedCodeBlock block)
    {
        var values = block.Lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(l => l.Split(':', 2)).ToDictionary(l => l[0], l => l.Length > 1 ? l[1].Trim() : string.Empty);
        string Value(string key) => values.TryGetValue(key, out var value) ? value : throw new HelpPageException(file, block.Line + 1, $"'{key}:' is missing.");
        string[] List(string key) => values.TryGetValue(key, out var value) ? value.Split(", ", StringSplitOptions.RemoveEmptyEntries) : [];
        return new ParameterBinding(
            Value("Type"), List("Parameter Sets"), List("Aliases"), List("Accepted values"), Value("Required") == "True", Value("Position"),
            Value("Default value"), Value("Accept pipeline input"), Value("Accept wildcard characters") == "True");
    }

    private static List<string> Paragraphs(List<Block> section) => [.. section.SelectMany(MarkdownText.Paragraphs)];

    /// <summary>What stands under a heading of level 3.</summary>
    private sealed record Part(string Title, int Line, List<Block> Blocks);
}
