using System.Xml;
using System.Xml.Linq;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>Reads what a package's manifest (.nuspec) says.</summary>
internal static class PackageManifest
{
    /// <summary>Its dependencies of any framework, each once, with the least version that they ask for.</summary>
    public static IReadOnlyList<PackageIdentity> Dependencies(Stream manifest, PackageIdentity package)
    {
        try
        {
            using var reader = XmlReader.Create(manifest, new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            return [.. XDocument.Load(reader).Descendants().Where(e => e.Name.LocalName == "dependency")
                .Select(e => new PackageIdentity(e.Attribute("id")!.Value.ToLowerInvariant(), e.Attribute("version")!.Value.Trim('[', ']', '(', ')').Split(',')[0].Trim()))
                .Distinct()];
        }
        catch (XmlException e)
        {
            throw new TrainToolsException(ErrorIds.PackageInvalid, ErrorKind.InvalidData, $"The manifest of the package {package} cannot be read: {e.Message}", "Get the package again.", package.FileName, e);
        }
    }
}
