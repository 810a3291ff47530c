using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>
/// The settings that one file gives, before they are laid over the defaults (or over the file it extends).
/// </summary>
internal sealed class ConfigLayer
{
    private readonly Dictionary<string, (object? Value, TextPosition At)> values = new(StringComparer.Ordinal);
    private readonly List<TrainToolsException> problems = [];
    private readonly string? path;

    private ConfigLayer(string? path) => this.path = path;

    /// <summary>Files named under extends, as they were written.</summary>
    public IReadOnlyList<(string Path, TextPosition At)> Extends { get; private set; } = [];

    /// <summary>The settings given, by name.</summary>
    public IEnumerable<string> Names => values.Keys;

    /// <summary>Reads a document.</summary>
    /// <param name="root">The document; null if it is empty.</param>
    /// <param name="path">Full path of its file, for messages and for relative paths; null for text.</param>
    /// <exception cref="TrainToolsException">The first thing that is wrong; the message counts the others.</exception>
    public static ConfigLayer Read(YamlNode? root, string? path)
    {
        var layer = new ConfigLayer(path);
        switch (root)
        {
            case null:
                break;
            case YamlMapping mapping:
                layer.ReadEntries(mapping, null);
                break;
            default:
                throw YamlDocumentReader.Invalid(path, root.Position, "a configuration is a mapping of names to values", "Write lines such as 'learning_rate: 2.0e-05'.");
        }

        layer.ThrowProblems();
        return layer;
    }

    /// <summary>A config with this layer's settings over another's.</summary>
    public TrainingConfig ApplyTo(TrainingConfig config)
    {
        foreach (var (name, (value, _)) in values)
        {
            config = ConfigSchema.Get(name).With(config, value);
        }

        return config;
    }

    private void ReadEntries(YamlMapping mapping, SectionInfo? section)
    {
        foreach (var (key, value) in mapping.Entries)
        {
            if (section is null && key.Text == "extends")
            {
                ReadExtends(value);
            }
            else if (section is null && ConfigSchema.FindSection(key.Text) is { } inner)
            {
                ReadSection(inner, value);
            }
            else if (ConfigSchema.Find(key.Text) is { } setting && (section is null || setting.Section == section.Name))
            {
                ReadSetting(setting, key, value);
            }
            else
            {
                problems.Add(Unknown(key, section));
            }
        }
    }

    private void ReadSection(SectionInfo section, YamlNode value)
    {
        switch (value)
        {
            case YamlMapping mapping:
                ReadEntries(mapping, section);
                break;
            case YamlScalar { IsNull: true }:
                break;
            default:
                problems.Add(Problem(value.Position, $"{section.Name} is a section and holds settings, not a value", $"Write the settings below it, indented: {string.Join(", ", section.Settings.Take(3))}, …"));
                break;
        }
    }

    private void ReadSetting(SettingInfo setting, YamlScalar key, YamlNode node)
    {
        var (value, problem, remedy) = SettingReader.Read(setting, node);
        if (problem is not null)
        {
            problems.Add(Problem(node.Position, problem, remedy, setting.Name));
            return;
        }

        if (!values.TryAdd(setting.Name, (setting.IsPath ? ConfigPaths.Resolve(value, path) : value, key.Position)))
        {
            problems.Add(Problem(key.Position, $"{setting.Name} is given twice, first in line {values[setting.Name].At.Line}", "Keep one of the two."));
        }
    }

    private void ReadExtends(YamlNode node)
    {
        var items = node is YamlSequence sequence ? sequence.Items : [node];
        if (items.Any(i => i is not YamlScalar { IsNull: false }))
        {
            problems.Add(Problem(node.Position, "extends takes the path of a file, or a list of them", null));
            return;
        }

        Extends = [.. items.Cast<YamlScalar>().Select(i => (i.Text, i.Position))];
    }

    private TrainToolsException Unknown(YamlScalar key, SectionInfo? section)
    {
        var elsewhere = ConfigSchema.Find(key.Text);
        var nearest = elsewhere is null ? ConfigSchema.Nearest(key.Text) : null;
        var what = section is null ? $"there is no setting '{key.Text}'" : $"there is no setting '{key.Text}' in {section.Name}";
        var remedy = elsewhere is not null ? $"{key.Text} belongs to {elsewhere.Section ?? "the top level"}."
            : nearest is not null ? $"Did you mean {nearest}?"
            : "Export-TrainingConfig -Schema writes the list of settings.";
        return new TrainToolsException(ErrorIds.ConfigKeyUnknown, ErrorKind.InvalidData, $"{YamlDocumentReader.Place(path, key.Position)}: {what}.", remedy, key.Text);
    }

    private TrainToolsException Problem(TextPosition at, string what, string? remedy, string? target = null) =>
        new(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidData, $"{YamlDocumentReader.Place(path, at)}: {what}.", remedy, target ?? path);

    private void ThrowProblems()
    {
        if (problems.Count == 0)
        {
            return;
        }

        var first = problems[0];
        if (problems.Count == 1)
        {
            throw first;
        }

        var others = string.Concat(problems.Skip(1).Take(9).Select(p => $"{Environment.NewLine}{p.Message} {p.Remedy}"));
        throw new TrainToolsException(first.ErrorId, first.Kind, $"{first.Message} {first.Remedy}{others}", "Correct each of these.", first.Target);
    }
}
