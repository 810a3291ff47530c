using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the ids of configuration rules.</summary>
internal sealed class RuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(ConfigRules.All.Select(r => (r.Id, r.Title)), wordToComplete);
}
