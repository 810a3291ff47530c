using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Text;

namespace TrainTools.Docs;

/// <summary>A cmdlet as the built module has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Syntaxes">One for each parameter set.</param>
/// <param name="Parameters">By name, without the common ones.</param>
/// <param name="OutputTypes">Full names.</param>
/// <param name="Type">Its class.</param>
public sealed record ModuleCommand(
    string Name, IReadOnlyList<HelpSyntax> Syntaxes, IReadOnlyList<HelpParameter> Parameters, IReadOnlyList<string> OutputTypes, Type Type);

/// <summary>Reads the cmdlets of a built module by importing it.</summary>
public static class ModuleCommands
{
    private const string AllSetsName = "__AllParameterSets";
    private const int Width = 110;

    /// <summary>Parameters that ShouldProcess brings; they are described on each page all the same.</summary>
    private static readonly HashSet<string> Common = [.. Cmdlet.CommonParameters.Except(Cmdlet.OptionalCommonParameters)];

    /// <summary>All cmdlets, by name.</summary>
    public static IReadOnlyList<ModuleCommand> Read(string manifest)
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
        }

        using var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        var commands = shell.AddScript("(Import-Module $args[0] -PassThru).ExportedCmdlets.Values").AddArgument(Path.GetFullPath(manifest)).Invoke<CmdletInfo>();
        return shell.HadErrors
            ? throw new HelpPageException(manifest, 1, shell.Streams.Error[0].ToString())
            : [.. commands.OrderBy(c => c.Name, StringComparer.Ordinal).Select(Read)];
    }

    private static ModuleCommand Read(CmdletInfo command)
    {
        using var instance = Activator.CreateInstance(command.ImplementingType) as IDisposable;
        var names = command.Parameters.Values.Where(p => !Common.Contains(p.Name) && p.Name != "ProgressAction").OrderBy(p => p.Name, StringComparer.Ordinal);
        return new ModuleCommand(
            command.Name,
            [.. command.ParameterSets.OrderByDescending(s => s.IsDefault).Select(s => new HelpSyntax(
                SetName(s.Name), s.IsDefault || command.ParameterSets.Count == 1, Wrap($"{command.Name} {s}"))),],
            [.. names.Select(p => new HelpParameter(p.Name, [], Bindings(command, p, instance!)))],
            [.. command.OutputType.Select(t => t.Name).Distinct()],
            command.ImplementingType);
    }

    private static string SetName(string name) => name == AllSetsName ? ParameterBinding.AllSets : name;

    private static List<ParameterBinding> Bindings(CmdletInfo command, ParameterMetadata parameter, object instance)
    {
        var groups = parameter.ParameterSets
            .Select(s => (Set: s.Key, Binding: Binding(parameter, s.Value, instance)))
            .GroupBy(s => s.Binding with { Sets = [] }, BindingComparer.Instance)
            .Select(g => g.First().Binding with { Sets = [.. g.Select(s => s.Set)] })
            .ToList();
        var isEverywhere = parameter.ParameterSets.ContainsKey(AllSetsName) || parameter.ParameterSets.Count == command.ParameterSets.Count;
        return groups.Count == 1 && isEverywhere ? [groups[0] with { Sets = [ParameterBinding.AllSets] }] : groups;
    }

    private static ParameterBinding Binding(ParameterMetadata parameter, ParameterSetMetadata set, object instance) => new(
        Short(parameter.ParameterType),
        [],
        [.. parameter.Aliases],
        AcceptedValues(parameter),
        set.IsMandatory,
        set.Position < 0 ? "Named" : set.Position.ToString(CultureInfo.InvariantCulture),
        Default(parameter, instance),
        (set.ValueFromPipelineByPropertyName, set.ValueFromPipeline) switch
        {
            (true, true) => "True (ByPropertyName, ByValue)",
            (true, false) => "True (ByPropertyName)",
            (false, true) => "True (ByValue)",
            _ => "False",
        },
        parameter.Attributes.OfType<SupportsWildcardsAttribute>().Any());

    private static string[] AcceptedValues(ParameterMetadata parameter)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        type = type.IsArray ? type.GetElementType()! : type;
        return parameter.Attributes.OfType<ValidateSetAttribute>().FirstOrDefault() is { } set ? [.. set.ValidValues]
            : type.IsEnum ? Enum.GetNames(type) : [];
    }

    private static string Default(ParameterMetadata parameter, object instance)
    {
        if (instance.GetType().GetProperty(parameter.Name) is not { } property || parameter.IsDynamic)
        {
            return parameter.ParameterType == typeof(SwitchParameter) ? "False" : "None";
        }

        // Settings of a configuration have their defaults in the schema, where null means derived.
        return SettingDefaults.Of(instance.GetType(), parameter.Aliases.Append(parameter.Name)) ?? property.GetValue(instance) switch
        {
            SwitchParameter s => s.IsPresent ? "True" : "False",
            null or "" or ICollection { Count: 0 } => "None",
            IEnumerable<string> list => string.Join(", ", list),
            IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
            var value => value.ToString()!,
        };
    }

    private static string Short(Type type) =>
        Nullable.GetUnderlyingType(type) is { } inner ? $"{Short(inner)}?"
        : type.IsArray ? Short(type.GetElementType()!) + "[]"
        : type.Name;

    private static string Wrap(string syntax)
    {
        var text = new StringBuilder();
        var column = 0;
        foreach (var part in Tokens(syntax))
        {
            if (column > 0 && column + part.Length + 1 > Width)
            {
                text.Append('\n');
                column = 0;
            }

            text.Append(text.Length > 0 ? " " : "").Append(part);
            column += part.Length + 1;
        }

        return text.ToString();
    }

    // A parameter with its value is one token.
    private static IEnumerable<string> Tokens(string syntax)
    {
        var token = new StringBuilder();
        foreach (var word in syntax.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (token.Length > 0 && (word[0] == '-' || word[0] == '['))
            {
                yield return token.ToString();
                token.Clear();
            }

            token.Append(token.Length > 0 ? " " : "").Append(word);
        }

        yield return token.ToString();
    }

    private sealed class BindingComparer : IEqualityComparer<ParameterBinding>
    {
        public static readonly BindingComparer Instance = new();

        public bool Equals(ParameterBinding? x, ParameterBinding? y) =>
            x is not null && y is not null && (x.Required, x.Position, x.PipelineInput) == (y.Required, y.Position, y.PipelineInput);

        public int GetHashCode(ParameterBinding obj) => HashCode.Combine(obj.Required, obj.Position, obj.PipelineInput);
    }
}

/// <summary>The defaults of the settings that parameters stand for, from the schema of configurations.</summary>
internal static class SettingDefaults
{
    /// <summary>The default as written in a file, "Derived" where a run works it out; null if the parameter is no setting.</summary>
    public static string? Of(Type cmdlet, IEnumerable<string> names)
    {
        if (cmdlet.Name != "NewTrainingConfigCommand")
        {
            return null;
        }

        var schema = AppDomain.CurrentDomain.GetAssemblies().First(a => a.GetName().Name == "TrainTools.Core").GetType("TrainTools.Core.Configuration.ConfigSchema")!;
        var find = schema.GetMethod("Find", BindingFlags.Public | BindingFlags.Static, [typeof(string)])!;
        var setting = names.Select(n => find.Invoke(null, [n.ToLowerInvariant()])).FirstOrDefault(s => s is not null);
        if (setting is null)
        {
            return null;
        }

        object? Get(string property) => setting.GetType().GetProperty(property)!.GetValue(setting);
        return (Get("DefaultValue"), Get("IsDerived")) switch
        {
            (null, true) => "Derived",
            (null, _) => "None",
            (var value, _) => setting.GetType().GetMethod("Format")!.Invoke(setting, [value]) is string { Length: > 0 } text ? text : "None",
        };
    }
}
