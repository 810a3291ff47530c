namespace TrainTools.Core.Configuration;

/// <summary>Paths in config files.</summary>
internal static class ConfigPaths
{
    /// <summary>A path or list of paths, taken from the folder of the file they stand in.</summary>
    /// <param name="value">A string, a <see cref="SettingList"/> or null.</param>
    /// <param name="file">Full path of the file; null leaves the value as it is.</param>
    public static object? Resolve(object? value, string? file) => (value, file) switch
    {
        (string path, not null) => ResolveOne(path, file),
        (SettingList list, not null) => SettingList.From(list.Select(p => ResolveOne(p, file))),
        _ => value,
    };

    /// <summary>One path, taken from the folder of a file.</summary>
    public static string ResolveOne(string path, string file) =>
        path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) ? path : Path.GetFullPath(path, Path.GetDirectoryName(file)!);
}
