using System.Text;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>
/// Configs as YAML. Settings stand in their section or at the top level (their names are unique), unknown ones are
/// refused, and a file can build on others: <c>extends: base.yaml</c>.
/// </summary>
public static class ConfigYaml
{
    private const int MaxExtends = 8;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file. Relative paths in it are taken from its folder.</summary>
    /// <exception cref="TrainToolsException">ConfigFileNotFound, ConfigFileInvalid, ConfigKeyUnknown or ConfigValueInvalid; all but the first with line and column.</exception>
    public static TrainingConfig Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ReadFile(Path.GetFullPath(path), new TrainingConfig(), []);
    }

    /// <summary>Reads text.</summary>
    /// <param name="yaml">The document.</param>
    /// <param name="path">A file whose folder relative paths are taken from and that messages name; null leaves paths as they are.</param>
    /// <exception cref="TrainToolsException">As <see cref="Read"/>.</exception>
    public static TrainingConfig Parse(string yaml, string? path = null)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var full = path is null ? null : Path.GetFullPath(path);
        return Build(yaml, full, new TrainingConfig(), full is null ? [] : [full]);
    }

    /// <summary>A config with settings replaced, given as <c>name=value</c>; lists in YAML's flow style (<c>[a, b]</c>) or with commas.</summary>
    /// <exception cref="TrainToolsException">ConfigKeyUnknown or ConfigValueInvalid.</exception>
    public static TrainingConfig Override(TrainingConfig config, IEnumerable<string> assignments)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(assignments);
        foreach (var assignment in assignments)
        {
            var at = assignment.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0)
            {
                throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"'{assignment}' does not set anything.", "Write name=value, such as learning_rate=1e-4.", assignment);
            }

            config = Set(config, assignment[..at].Trim(), assignment[(at + 1)..].Trim());
        }

        return config;
    }

    /// <summary>A config with one setting replaced by a value given as text.</summary>
    /// <exception cref="TrainToolsException">ConfigKeyUnknown or ConfigValueInvalid.</exception>
    public static TrainingConfig Set(TrainingConfig config, string name, string value)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(value);
        var setting = ConfigSchema.Find(name[(name.LastIndexOf('.') + 1)..]);
        if (setting is null)
        {
            throw new TrainToolsException(ErrorIds.ConfigKeyUnknown, ErrorKind.InvalidArgument, $"There is no setting '{name}'.",
                ConfigSchema.Nearest(name) is { } nearest ? $"Did you mean {nearest}?" : null, name);
        }

        var node = ValueNode(setting, value);
        var (parsed, problem, remedy) = SettingReader.Read(setting, node);
        if (problem is not null)
        {
            throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, problem + ".", remedy, name);
        }

        return setting.With(config, parsed);
    }

    /// <summary>A config as YAML: sections in the order of the tree, everything that is not null written out.</summary>
    /// <param name="config">The config.</param>
    /// <param name="options">What else to write; null = nothing.</param>
    public static string Write(TrainingConfig config, ConfigYamlOptions? options = null) => ConfigYamlWriter.Write(config, options ?? new());

    private static YamlNode ValueNode(SettingInfo setting, string value)
    {
        var at = new TextPosition(1, 1);
        if (setting.IsList && value.StartsWith('['))
        {
            return YamlDocumentReader.Read(value, null) ?? new YamlScalar(at, string.Empty, false);
        }

        if (setting.IsList && value.Contains(',', StringComparison.Ordinal))
        {
            var items = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            return new YamlSequence(at, [.. items.Select(i => (YamlNode)new YamlScalar(at, i, true))]);
        }

        return new YamlScalar(at, value, false);
    }

    /// <summary>The text of a config file.</summary>
    internal static string ReadText(string path, string? extendedBy = null)
    {
        if (!File.Exists(path))
        {
            throw new TrainToolsException(ErrorIds.ConfigFileNotFound, ErrorKind.NotFound, $"The configuration file {path} does not exist.{(extendedBy is null ? string.Empty : $" {extendedBy} extends it.")}", "Check the path.", path);
        }

        try
        {
            return new FileInfo(path).Length > 4L * YamlDocumentReader.MaxCharacters
                ? throw YamlDocumentReader.Invalid(path, new TextPosition(1, 1), "the file is too large for a configuration", "Is this the right file?")
                : File.ReadAllText(path, StrictUtf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new TrainToolsException(ErrorIds.ConfigFileInvalid, ErrorKind.InvalidData, $"{path} is not UTF-8 text.", "Save it as UTF-8.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainToolsException(ErrorIds.ConfigFileInvalid, ErrorKind.IO, $"{path} could not be read: {e.Message}", null, path, e);
        }
    }

    private static TrainingConfig ReadFile(string path, TrainingConfig under, IReadOnlyList<string> chain) =>
        Build(ReadText(path, chain.Count > 0 ? chain[^1] : null), path, under, [.. chain, path]);

    private static TrainingConfig Build(string yaml, string? path, TrainingConfig under, IReadOnlyList<string> chain)
    {
        var layer = ConfigLayer.Read(YamlDocumentReader.Read(yaml, path), path);
        foreach (var (file, at) in layer.Extends)
        {
            var full = path is null ? Path.GetFullPath(file) : ConfigPaths.ResolveOne(file, path);
            if (chain.Contains(full))
            {
                throw YamlDocumentReader.Invalid(path, at, $"extends leads back to {full}", "A file cannot build on itself.");
            }

            if (chain.Count >= MaxExtends)
            {
                throw YamlDocumentReader.Invalid(path, at, $"more than {MaxExtends} files build on each other", null);
            }

            under = ReadFile(full, under, chain);
        }

        return layer.ApplyTo(under);
    }
}
