using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace TrainTools.Core.Configuration;

/// <summary>The docstrings of the settings, from the XML documentation that lies beside the assembly.</summary>
internal static partial class SettingDocs
{
    private static readonly Lazy<IReadOnlyDictionary<string, string>> Summaries = new(Load);

    /// <summary>Summary of a property; empty where the documentation file is absent.</summary>
    public static string OfProperty(PropertyInfo property) =>
        Summaries.Value.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}", string.Empty);

    /// <summary>Summary of an enum member.</summary>
    public static string OfMember(Type type, string member) =>
        Summaries.Value.GetValueOrDefault($"F:{type.FullName}.{member}", string.Empty);

    private static Dictionary<string, string> Load()
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        var assembly = typeof(SettingDocs).Assembly.Location;
        var path = assembly.Length == 0 ? string.Empty : Path.ChangeExtension(assembly, ".xml");
        if (!File.Exists(path))
        {
            return result;
        }

        try
        {
            using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            var prefix = typeof(SettingDocs).Namespace + ".";
            foreach (var member in XDocument.Load(reader).Descendants("member"))
            {
                var name = member.Attribute("name")?.Value ?? string.Empty;
                if (name.Length > 2 && name[0] is 'P' or 'F' && name.AsSpan(2).StartsWith(prefix) && member.Element("summary") is { } summary)
                {
                    result[name] = Plain(summary);
                }
            }
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException)
        {
            // Without the file only comments and descriptions are missing.
        }

        return result;
    }

    private static string Plain(XElement element)
    {
        var text = string.Concat(element.Nodes().Select(node => node switch
        {
            XText t => t.Value,
            XElement { Name.LocalName: "see" } see => Reference(see),
            XElement e => e.Value,
            _ => string.Empty,
        }));
        return Blanks().Replace(text, " ").Trim();
    }

    private static string Reference(XElement see)
    {
        var target = see.Attribute("cref")?.Value ?? see.Attribute("langword")?.Value ?? string.Empty;
        var property = target[(target.LastIndexOf('.') + 1)..];
        return ConfigSchema.Settings.FirstOrDefault(s => s.ParameterName == property)?.Name ?? property;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
