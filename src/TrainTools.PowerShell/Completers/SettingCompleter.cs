using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the value of a setting that is a text with known values (optim, device).</summary>
internal sealed class SettingCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        ConfigSchema.Settings.FirstOrDefault(s => s.ParameterName == parameterName) is { } setting
            ? Completion.Of(setting.AllowedValues.Select(v => (v, setting.DescribeValue(v))), wordToComplete)
            : [];
}
