namespace TrainTools.Host;

/// <summary>Finds the built module, whatever the current directory is.</summary>
public static class ModuleFinder
{
    /// <summary>
    /// Path of the manifest: in a folder TrainTools beside the host (as shipped), else in out/TrainTools of the
    /// repository that the host was built in.
    /// </summary>
    /// <exception cref="HostUsageException">There is none.</exception>
    public static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            foreach (var place in (string[])["TrainTools", Path.Combine("out", "TrainTools")])
            {
                var manifest = Path.Combine(folder.FullName, place, "TrainTools.psd1");
                if (File.Exists(manifest) && File.Exists(Path.ChangeExtension(manifest, ".dll")))
                {
                    return manifest;
                }
            }
        }

        throw new HostUsageException($"No built module TrainTools was found above {AppContext.BaseDirectory}. `dotnet build src/TrainTools.Host` makes it.");
    }
}
