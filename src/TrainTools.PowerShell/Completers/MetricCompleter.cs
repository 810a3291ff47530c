using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Configuration;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the names of what evaluations measure.</summary>
internal sealed class MetricCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of(EvaluationMetrics.All.Select(m => (m, m)), wordToComplete);
}
