using System.Management.Automation;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell;

/// <summary>Puts typed values into a config under the checks that a file's values go through.</summary>
internal static class ConfigValues
{
    /// <summary>A config with one setting replaced.</summary>
    /// <exception cref="Core.Errors.TrainToolsException">ConfigValueInvalid.</exception>
    public static TrainingConfig Apply(TrainingConfig config, SettingInfo setting, object? value)
    {
        // Texts and lists can be anything; the rest is checked where files are checked, so that both say the same.
        var isFree = value is SettingList || (value is string && setting.AllowedValues.Count == 0);
        return value is null ? setting.With(config, setting.IsNullable ? null : setting.DefaultValue)
            : isFree ? setting.With(config, value)
            : ConfigYaml.Set(config, setting.Name, setting.Format(value));
    }

    /// <summary>A config with settings replaced, given as <c>name=value</c>. Relative paths are taken from the shell's location.</summary>
    /// <exception cref="Core.Errors.TrainToolsException">ConfigKeyUnknown or ConfigValueInvalid.</exception>
    public static TrainingConfig Override(PSCmdlet command, TrainingConfig config, IEnumerable<string> assignments)
    {
        foreach (var assignment in assignments)
        {
            config = ConfigYaml.Override(config, [assignment]);
            var name = assignment[..assignment.IndexOf('=', StringComparison.Ordinal)].Trim();
            if (ConfigSchema.Find(name[(name.LastIndexOf('.') + 1)..]) is { IsPath: true } setting)
            {
                config = setting.With(config, setting.Get(config) switch
                {
                    string { Length: > 0 } path => PathHelper.ResolveNew(command, path),
                    SettingList paths => SettingList.From(PathHelper.ResolveForConfig(command, paths)),
                    var unset => unset,
                });
            }
        }

        return config;
    }
}
