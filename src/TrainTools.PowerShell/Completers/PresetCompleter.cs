using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the names of configuration presets.</summary>
internal sealed class PresetCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(ConfigPresets.All.Select(p => (p.Name, p.Description)), wordToComplete);
}
