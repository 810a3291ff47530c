using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>Reads configs from our own YAML and from other tools' argument files.</summary>
public static class ConfigImporter
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file; YAML or JSON.</param>
    /// <param name="format">Whose it is; Auto finds out by its keys, ours first.</param>
    /// <exception cref="TrainToolsException">ConfigFileNotFound, ConfigFileInvalid, ConfigKeyUnknown or ConfigValueInvalid.</exception>
    public static ImportedConfig Read(string path, ArgumentFormat format = ArgumentFormat.Auto)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path);
        return Parse(ConfigYaml.ReadText(full), full, format);
    }

    /// <summary>Reads text.</summary>
    /// <param name="text">The document.</param>
    /// <param name="path">The file that relative paths are taken from and that messages name; null = none.</param>
    /// <param name="format">Whose it is.</param>
    public static ImportedConfig Parse(string text, string? path = null, ArgumentFormat format = ArgumentFormat.Auto)
    {
        ArgumentNullException.ThrowIfNull(text);
        var full = path is null ? null : Path.GetFullPath(path);
        var root = YamlDocumentReader.Read(text, full);
        if (format == ArgumentFormat.Auto)
        {
            format = root is YamlMapping keys ? Detect(keys) : ArgumentFormat.TrainTools;
        }

        if (format == ArgumentFormat.TrainTools)
        {
            return new ImportedConfig(ConfigYaml.Parse(text, full), format, []);
        }

        if (root is not YamlMapping mapping)
        {
            throw YamlDocumentReader.Invalid(full, root?.Position ?? new TextPosition(1, 1), "an argument file is a mapping of names to values", null);
        }

        var reader = new ArgumentReader(full);
        switch (format)
        {
            case ArgumentFormat.Axolotl:
                AxolotlArguments.Read(reader, mapping);
                break;
            case ArgumentFormat.LlamaFactory:
                LlamaFactoryArguments.Read(reader, mapping);
                break;
            default:
                TransformersArguments.Read(reader, mapping);
                break;
        }

        return new ImportedConfig(reader.Config, format, reader.Notes);
    }

    // A file with a section or without any foreign key is ours, typing errors included: only keys that another tool is
    // known to have make it that tool's.
    private static ArgumentFormat Detect(YamlMapping mapping)
    {
        var keys = mapping.Entries.Select(e => e.Key.Text).ToList();
        if (keys.Exists(k => k == "extends" || ConfigSchema.FindSection(k) is not null))
        {
            return ArgumentFormat.TrainTools;
        }

        if (keys.Count(AxolotlArguments.Marks.Contains) >= 2)
        {
            return ArgumentFormat.Axolotl;
        }

        if (keys.Count(LlamaFactoryArguments.Marks.Contains) >= 2)
        {
            return ArgumentFormat.LlamaFactory;
        }

        var foreign = keys.Where(k => ConfigSchema.Find(k) is null).ToList();
        return foreign.Exists(TransformersArguments.Knows) ? ArgumentFormat.Transformers : ArgumentFormat.TrainTools;
    }
}
