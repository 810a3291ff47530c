using System.Xml;
using System.Xml.Linq;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Backend.Installation;

/// <summary>Finds out where packages come from: what the user names, else the first feed that the package tools of this user know.</summary>
public static class PackageSources
{
    /// <summary>Opens a source.</summary>
    /// <param name="source">Address of a feed's index, or full path of a folder; null = the user's own first feed.</param>
    /// <exception cref="TrainToolsException">PackageSourceUnknown.</exception>
    public static IPackageSource Open(string? source)
    {
        var place = source ?? Configured(ConfigurationFile());
        if (place is null)
        {
            throw new TrainToolsException(
                ErrorIds.PackageSourceUnknown, ErrorKind.InvalidArgument, $"No package feed is configured for this user ({ConfigurationFile()}).",
                "Name a feed's index.json or a folder with the packages (-Source).");
        }

        if (IsAddress(place))
        {
            return new PackageFeed(new Uri(place));
        }

        return Directory.Exists(place) ? new PackageFolder(place) : throw new TrainToolsException(
            ErrorIds.PackageSourceUnknown, ErrorKind.NotFound, $"'{place}' is neither a folder nor the address of a package feed.",
            "Name a feed's index.json or a folder with the packages.", place);
    }

    /// <summary>Whether a source is an address and not a folder.</summary>
    public static bool IsAddress(string source) =>
        source.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || source.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    /// <summary>The first feed or folder of a NuGet configuration file that is not disabled; null if there is none.</summary>
    public static string? Configured(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            var root = XDocument.Load(file).Root!;
            var disabled = (root.Element("disabledPackageSources")?.Elements("add") ?? []).Select(e => (string?)e.Attribute("key")).ToHashSet();
            return root.Element("packageSources")?.Elements("add").Where(e => !disabled.Contains((string?)e.Attribute("key"))).Select(e => (string?)e.Attribute("value")).FirstOrDefault();
        }
        catch (Exception e) when (e is XmlException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string ConfigurationFile() => OperatingSystem.IsWindows()
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "NuGet", "NuGet.Config")
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "NuGet", "NuGet.Config");
}
