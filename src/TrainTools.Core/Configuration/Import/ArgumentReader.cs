using System.Globalization;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Configuration;

/// <summary>What is done with one argument.</summary>
internal delegate void ArgumentMapping(ArgumentReader reader, YamlNode value);

/// <summary>Walks through another tool's arguments, fills a config and notes what does not fit.</summary>
internal sealed class ArgumentReader
{
    private readonly List<ImportNote> notes = [];
    private readonly Dictionary<string, YamlNode> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> set = new(StringComparer.Ordinal);
    private string key = string.Empty;
    private YamlNode current = new YamlScalar(default, string.Empty, false);

    public ArgumentReader(string? path) => Path = path;

    /// <summary>Full path of the file; null for text.</summary>
    public string? Path { get; }

    /// <summary>What has been filled in.</summary>
    public TrainingConfig Config { get; private set; } = new();

    public IReadOnlyList<ImportNote> Notes => notes;

    /// <summary>Applies a table of mappings to every argument of a file.</summary>
    /// <param name="arguments">The file.</param>
    /// <param name="find">The mapping of a key; null where the tool has no such argument.</param>
    public void Read(YamlMapping arguments, Func<string, ArgumentMapping?> find)
    {
        foreach (var (name, value) in arguments.Entries)
        {
            values[name.Text] = value;
        }

        foreach (var (name, value) in arguments.Entries)
        {
            if (value is YamlScalar { IsNull: true })
            {
                continue;
            }

            (key, current) = (name.Text, value);
            if (find(name.Text) is { } mapping)
            {
                mapping(this, value);
            }
            else if (IsOn(value))
            {
                Note(ImportOutcome.NotMapped, "this argument is not known here");
            }
        }
    }

    /// <summary>Runs a mapping with another key as the one that notes name.</summary>
    public void Within(string inner, YamlNode value, Action action)
    {
        var outer = (key, current);
        (key, current) = (inner.StartsWith('[') ? key + inner : $"{key}.{inner}", value);
        action();
        (key, current) = outer;
    }

    /// <summary>Whether the file gives an argument (null counts as not given).</summary>
    public bool Has(string name) => values.TryGetValue(name, out var value) && value is not YamlScalar { IsNull: true };

    /// <summary>Whether an argument is given and true.</summary>
    public bool IsTrue(string name) => Has(name) && IsTrue(values[name]);

    /// <summary>An argument's text; null where it is not given as a single value.</summary>
    public string? Text(string name) => Has(name) ? (values[name] as YamlScalar)?.Text : null;

    /// <summary>An argument's node; null where it is not given.</summary>
    public YamlNode? Node(string name) => Has(name) ? values[name] : null;

    public static bool IsTrue(YamlNode value) => value is YamlScalar { Text: "true" or "True" or "TRUE" or "1" or "yes" };

    /// <summary>Whether a value switches something on: not null, false, 0, none or empty.</summary>
    public static bool IsOn(YamlNode value) => value switch
    {
        YamlScalar s => !s.IsNull && s.Text is not ("false" or "False" or "FALSE" or "0" or "0.0" or "-1" or "none" or "None" or "no" or "NO"),
        YamlSequence s => s.Items.Count > 0,
        YamlMapping m => m.Entries.Any(e => IsOn(e.Value)),
        _ => true,
    };

    /// <summary>Numbers only: the value; null where it is none.</summary>
    public static double? Number(YamlNode value) =>
        value is YamlScalar s && double.TryParse(s.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && double.IsFinite(n) ? n : null;

    /// <summary>The text of a value that must be a single one.</summary>
    public string TextOf(YamlNode value) => value is YamlScalar scalar ? scalar.Text
        : throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidData, $"{YamlDocumentReader.Place(Path, value.Position)}: {key} takes a single value.", null, key);

    /// <summary>Sets a setting from the argument's own value.</summary>
    public void Take(string setting, YamlNode value)
    {
        var info = ConfigSchema.Get(setting);
        var (parsed, problem, remedy) = SettingReader.Read(info, value);
        if (problem is not null)
        {
            throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidData, $"{YamlDocumentReader.Place(Path, value.Position)}: {key}: {problem}.", remedy, key);
        }

        Set(setting, parsed);
    }

    /// <summary>Sets a setting.</summary>
    public void Set(string setting, object? value)
    {
        Config = ConfigSchema.Get(setting).With(Config, value);
        set.Add(setting);
    }

    /// <summary>Whether an argument has set it.</summary>
    public bool IsSet(string setting) => set.Contains(setting);

    /// <summary>Sets what the file leaves to the tool's default.</summary>
    public void Default(string argument, string setting, object? value, string tool)
    {
        if (!IsSet(setting))
        {
            Set(setting, value);
            var name = argument == setting ? string.Empty : $" ({setting} here)";
            notes.Add(new ImportNote(argument, ConfigSchema.Get(setting).Format(value), 0, ImportOutcome.Default, $"not in the file; {tool} takes this{name}"));
        }
    }

    /// <summary>Notes what became of the current argument.</summary>
    public void Note(ImportOutcome outcome, string reason) =>
        notes.Add(new ImportNote(key, Show(current), current.Position.Line, outcome, reason));

    /// <summary>Notes what became of an argument that is not the current one.</summary>
    public void NoteOn(string name, ImportOutcome outcome, string reason) =>
        notes.Add(new ImportNote(name, Has(name) ? Show(values[name]) : string.Empty, Has(name) ? values[name].Position.Line : 0, outcome, reason));

    private static string Show(YamlNode node)
    {
        var text = node switch
        {
            YamlScalar s => s.Text,
            YamlSequence s => $"[{string.Join(", ", s.Items.Select(Show))}]",
            YamlMapping m => $"{{{string.Join(", ", m.Entries.Select(e => $"{e.Key.Text}: {Show(e.Value)}"))}}}",
            _ => string.Empty,
        };
        return text.Length <= 200 ? text : text[..197] + "...";
    }
}
