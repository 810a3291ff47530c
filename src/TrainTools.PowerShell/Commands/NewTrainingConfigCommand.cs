using System.Management.Automation;
using System.Runtime.CompilerServices;
using TrainTools.Core.Configuration;
using TrainTools.PowerShell.Completers;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Makes a configuration. Each parameter is one setting; what is not given keeps its default, or is derived from the
/// model, the method and the data when the run starts. With a configuration from the pipeline: a copy of it with the
/// given settings replaced.
/// </summary>
/// <remarks>
/// Values are kept in a dictionary and not in fields of their own: some are enums of Core, and a field of such a type
/// would make the loader ask for Core before the module has had a chance to say where it is.
/// </remarks>
[Cmdlet(VerbsCommon.New, "TrainingConfig", DefaultParameterSetName = SettingSet)]
[OutputType(typeof(TrainingConfig))]
public sealed partial class NewTrainingConfigCommand : CommandBase
{
    private const string SettingSet = "Setting";
    private const string InputObjectSet = "InputObject";

    // By parameter. What the pipeline binds by name is set back by the engine after each object, so which of these were
    // given for the present object is asked of the engine.
    private readonly Dictionary<string, (string Setting, object? Value)> settings = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A configuration to start from instead of the defaults.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public TrainingConfig? InputObject { get; set; }

    /// <summary>Named sets of settings to start from, laid over each other in order; parameters win over them.</summary>
    [Parameter(ParameterSetName = SettingSet, ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = InputObjectSet)]
    [ArgumentCompleter(typeof(PresetCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Preset { get; set; } = [];

    /// <inheritdoc/>
    protected override void Begin()
    {
        // A value that cannot be is wrong for every configuration that may come: it ends the command here.
        _ = Apply(new TrainingConfig());
    }

    /// <inheritdoc/>
    protected override void Process()
    {
        var config = Apply(InputObject ?? new TrainingConfig());
        ConfigReport.WriteDerived(this, config);
        WriteObject(config);
    }

    private TrainingConfig Apply(TrainingConfig start)
    {
        var config = Preset.Aggregate(start, (c, name) => ConfigPresets.Apply(name, c));
        foreach (var (parameter, (name, value)) in settings)
        {
            // A property that is null says nothing; a parameter that is null takes a setting of the given configuration back.
            if (!MyInvocation.BoundParameters.ContainsKey(parameter) || (value is null && ParameterSetName == SettingSet))
            {
                continue;
            }

            var setting = ConfigSchema.Get(name);
            config = ConfigValues.Apply(config, setting, Plain(setting, value));
        }

        return config;
    }

    private T? Get<T>(string name, [CallerMemberName] string parameter = "") =>
        settings.TryGetValue(parameter, out var given) && given.Setting == name ? (T?)given.Value : default;

    private void Set(string name, object? value, [CallerMemberName] string parameter = "") => settings[parameter] = (name, value);

    // What the shell hands over, as Core's types: paths made full, switches as booleans.
    private object? Plain(SettingInfo setting, object? value) => value switch
    {
        SwitchParameter given => given.IsPresent,
        string path when setting.IsPath && path.Length > 0 => PathHelper.ResolveNew(this, path),
        string[] paths when setting.IsPath => SettingList.From(PathHelper.ResolveForConfig(this, paths)),
        string[] list => SettingList.From(list),
        _ => value,
    };
}
