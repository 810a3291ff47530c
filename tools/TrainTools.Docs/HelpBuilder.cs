using System.Text;

namespace TrainTools.Docs;

/// <summary>Makes the folder of help that the module ships.</summary>
public static class HelpBuilder
{
    /// <summary>Name of the file with the help of all cmdlets.</summary>
    public const string MamlFile = "TrainTools.dll-Help.xml";

    private const string AboutPrefix = "about_";

    /// <summary>The cmdlets' pages of a folder, by name.</summary>
    public static IReadOnlyList<HelpPage> ReadPages(string folder) =>
        [.. Directory.GetFiles(folder, "*-*.md").Order(StringComparer.Ordinal).Select(HelpPageReader.Read)];

    /// <summary>Writes the help of a folder of Markdown.</summary>
    /// <exception cref="HelpPageException">A page is not as help pages are.</exception>
    public static void Build(string source, string target)
    {
        Directory.CreateDirectory(target);
        var document = MamlWriter.Write(ReadPages(source));
        File.WriteAllText(Path.Combine(target, MamlFile), document.Declaration + "\n" + document, new UTF8Encoding(false));
        foreach (var about in Directory.GetFiles(source, AboutPrefix + "*.md"))
        {
            File.WriteAllText(Path.Combine(target, Path.GetFileNameWithoutExtension(about) + ".help.txt"), AboutWriter.Write(File.ReadAllText(about)), new UTF8Encoding(false));
        }
    }
}
