using System.Xml.Linq;

namespace TrainTools.Docs;

/// <summary>Writes help pages as the XML that Get-Help reads.</summary>
public static class MamlWriter
{
    private static readonly XNamespace Items = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    /// <summary>The document.</summary>
    public static XDocument Write(IEnumerable<HelpPage> pages) => new(
        new XDeclaration("1.0", "utf-8", null),
        new XElement(Items + "helpItems", new XAttribute("schema", "maml"), pages.Select(Page)));

    private static XElement Page(HelpPage page)
    {
        var name = page.Name.Split('-', 2);
        return new XElement(
            Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", Maml),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            new XElement(
                Command + "details",
                new XElement(Command + "name", page.Name),
                new XElement(Command + "verb", name[0]),
                new XElement(Command + "noun", name[^1]),
                Description([page.Synopsis])),
            Description(page.Description),
            new XElement(Command + "syntax", page.Syntaxes.Select(s => Syntax(page, s))),
            new XElement(Command + "parameters", page.Parameters.OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase).Select(p => Parameter(p, p.Bindings[0]))),
            new XElement(Command + "inputTypes", page.Inputs.Select(t => Type(Command + "inputType", t))),
            new XElement(Command + "returnValues", page.Outputs.Select(t => Type(Command + "returnValue", t))),
            new XElement(Maml + "alertSet", new XElement(Maml + "alert", Paragraphs(page.Notes))),
            new XElement(Command + "examples", page.Examples.Select(Example)),
            new XElement(Command + "relatedLinks", page.Links.Select(Link)));
    }

    private static XElement Syntax(HelpPage page, HelpSyntax syntax) => new(
        Command + "syntaxItem",
        new XElement(Maml + "name", page.Name),
        page.Parameters
            .Select(p => (Parameter: p, Binding: p.In(syntax.Set)))
            .Where(p => p.Binding is not null)
            .OrderBy(p => int.TryParse(p.Binding!.Position, out var position) ? position : int.MaxValue)
            .Select(p => Parameter(p.Parameter, p.Binding!)));

    private static XElement Parameter(HelpParameter parameter, ParameterBinding binding) => new(
        Command + "parameter",
        new XAttribute("required", Bool(binding.Required)),
        new XAttribute("variableLength", Bool(binding.Type.EndsWith("[]", StringComparison.Ordinal))),
        new XAttribute("globbing", Bool(binding.Wildcards)),
        new XAttribute("pipelineInput", binding.PipelineInput),
        new XAttribute("position", binding.Position.ToLowerInvariant()),
        new XAttribute("aliases", binding.Aliases.Count > 0 ? string.Join(", ", binding.Aliases) : "none"),
        new XElement(Maml + "name", parameter.Name),
        Description(parameter.Description),
        binding.AcceptedValues.Count == 0 ? null : new XElement(
            Command + "parameterValueGroup",
            binding.AcceptedValues.Select(v => new XElement(Command + "parameterValue", new XAttribute("required", "false"), new XAttribute("variableLength", "false"), v))),
        binding.IsSwitch ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), new XAttribute("variableLength", "false"), binding.Type),
        new XElement(Dev + "type", new XElement(Maml + "name", binding.Type), new XElement(Maml + "uri")),
        new XElement(Dev + "defaultValue", binding.Default));

    private static XElement Type(XName element, HelpType type) => new(
        element,
        new XElement(Dev + "type", new XElement(Maml + "name", type.Name)),
        Description(type.Description));

    private static XElement Example(HelpExample example) => new(
        Command + "example",
        new XElement(Maml + "title", $"--- {example.Title} ---"),
        new XElement(Maml + "introduction", Paragraphs(example.Introduction)),
        new XElement(Dev + "code", example.Code),
        new XElement(Dev + "remarks", Paragraphs(example.Remarks)));

    private static XElement Link(HelpLink link) => new(
        Maml + "navigationLink",
        new XElement(Maml + "linkText", link.Text),
        // A page beside this one is found by its name with Get-Help.
        new XElement(Maml + "uri", link.Address.Contains("://", StringComparison.Ordinal) ? link.Address : string.Empty));

    private static XElement Description(IEnumerable<string> paragraphs) => new(Maml + "description", Paragraphs(paragraphs));

    private static IEnumerable<XElement> Paragraphs(IEnumerable<string> paragraphs) => paragraphs.Select(p => new XElement(Maml + "para", p));

    private static string Bool(bool value) => value ? "true" : "false";
}
