using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Cleaning;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the ids of cleaning rules, and the names of checks with a wildcard for all of their rules.</summary>
internal sealed class CleaningRuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(
            CleaningRules.All.Select(r => ($"{r.Check}.*", $"All rules of the check {r.Check}")).Distinct().Concat(CleaningRules.All.Select(r => (r.Id, r.Description))),
            wordToComplete);
}
