using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes <c>name=value</c>: names of settings, then the values of those that have a closed set.</summary>
internal sealed class AssignmentCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var at = wordToComplete.IndexOf('=', StringComparison.Ordinal);
        if (at < 0)
        {
            return Completion.Of(ConfigSchema.Settings.Select(s => (s.Name + "=", s.Description)), wordToComplete);
        }

        return ConfigSchema.Find(wordToComplete[..at].Trim('\'', '"')) is { } setting
            ? Completion.Of(setting.AllowedValues.Select(v => ($"{setting.Name}={v}", setting.DescribeValue(v))), wordToComplete)
            : [];
    }
}
