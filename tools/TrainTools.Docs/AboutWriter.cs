using System.Text;
using Markdig;
using Markdig.Syntax;

namespace TrainTools.Docs;

/// <summary>Writes an about topic as the text that Get-Help shows: headings in capitals, text indented and no wider than 80 columns.</summary>
public static class AboutWriter
{
    private const int Width = 80;
    private const string Indent = "    ";

    /// <summary>The text of a Markdown page.</summary>
    public static string Write(string markdown)
    {
        var text = new StringBuilder("TOPIC\n");
        foreach (var block in Markdown.Parse(markdown))
        {
            if (block is HeadingBlock heading)
            {
                var title = MarkdownText.Of(heading.Inline);
                text.Append(heading.Level switch
                {
                    1 => Indent + title + "\n",
                    2 => "\n" + title.ToUpperInvariant() + "\n",
                    _ => "\n  " + title + "\n",
                });
                continue;
            }

            var isList = block is ListBlock;
            foreach (var paragraph in MarkdownText.Paragraphs(block))
            {
                text.Append(block is CodeBlock ? Code(paragraph) : Wrap(paragraph, isList ? Indent + "  " : Indent)).Append(isList ? "" : "\n");
            }

            text.Append(isList ? "\n" : "");
        }

        return text.ToString().TrimEnd() + "\n";
    }

    private static string Code(string code) => string.Concat(code.Split('\n').Select(l => (Indent + l).TrimEnd() + "\n"));

    private static string Wrap(string paragraph, string hanging)
    {
        var text = new StringBuilder();
        var line = new StringBuilder(Indent);
        foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length + word.Length > Width && line.ToString().Trim().Length > 0)
            {
                text.Append(line.ToString().TrimEnd()).Append('\n');
                line.Clear().Append(hanging);
            }

            line.Append(word).Append(' ');
        }

        return text.Append(line.ToString().TrimEnd()).Append('\n').ToString();
    }
}
