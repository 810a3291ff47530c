using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace TrainTools.Docs;

/// <summary>The summaries of an assembly's documentation file, as Markdown.</summary>
public sealed partial class DocComments
{
    private readonly Dictionary<string, string> summaries = [];

    /// <summary>Reads a file; without one there are no summaries.</summary>
    public DocComments(string? file)
    {
        foreach (var member in file is null || !File.Exists(file) ? [] : XDocument.Load(file).Descendants("member"))
        {
            if (member.Element("summary") is { } summary)
            {
                summaries[member.Attribute("name")!.Value] = Blanks().Replace(string.Concat(summary.Nodes().Select(Text)), " ").Trim();
            }
        }
    }

    /// <summary>Of a class.</summary>
    public string? OfType(Type type) => summaries.GetValueOrDefault($"T:{type.FullName}");

    /// <summary>Of a property, wherever it is declared.</summary>
    public string? OfProperty(Type type, string name) => summaries.GetValueOrDefault($"P:{type.GetProperty(name)?.DeclaringType?.FullName}.{name}");

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" } see => see.Attribute("langword")?.Value ?? LastName().Match(see.Attribute("cref")?.Value ?? string.Empty).Value,
        XElement other => other.Value,
        _ => string.Empty,
    };

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"\w+$")]
    private static partial Regex LastName();
}
