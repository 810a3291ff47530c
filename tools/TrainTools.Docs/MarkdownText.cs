using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace TrainTools.Docs;

/// <summary>Markdown as plain text.</summary>
internal static class MarkdownText
{
    /// <summary>A line of text: emphasis, code and links are what they enclose.</summary>
    public static string Of(ContainerInline? inline)
    {
        var text = new StringBuilder();
        Append(text, inline);
        return text.ToString();
    }

    /// <summary>The paragraphs of a block: of a list one an item; code keeps its lines, indented.</summary>
    public static IEnumerable<string> Paragraphs(Block block) => block switch
    {
        ParagraphBlock paragraph => [Of(paragraph.Inline)],
        ListBlock list => list.OfType<ListItemBlock>().Select((item, i) =>
            (list.IsOrdered ? $"{i + 1}. " : "- ") + string.Join(' ', item.SelectMany(Paragraphs))),
        CodeBlock code => [string.Join('\n', code.Lines.ToString().TrimEnd().Split('\n').Select(l => ("    " + l).TrimEnd()))],
        QuoteBlock quote => quote.SelectMany(Paragraphs),
        _ => [],
    };

    /// <summary>The links of a line, and what stands there without being one.</summary>
    public static IEnumerable<HelpLink> Links(ContainerInline? inline) =>
        (inline ?? []).OfType<LinkInline>().Select(l => new HelpLink(Of(l), l.Url ?? string.Empty));

    private static void Append(StringBuilder text, ContainerInline? container)
    {
        foreach (var inline in container ?? [])
        {
            _ = inline switch
            {
                LiteralInline literal => text.Append(literal.Content.AsSpan()),
                CodeInline code => text.Append(code.Content),
                LineBreakInline => text.Append(' '),
                HtmlEntityInline entity => text.Append(entity.Transcoded.AsSpan()),
                AutolinkInline link => text.Append(link.Url),
                _ => text,
            };
            if (inline is ContainerInline inner)
            {
                Append(text, inner);
            }
        }
    }
}
