using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Diagnostics;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes the ids of symptoms, and severities.</summary>
internal sealed class SymptomCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Of([("Error", "Any error"), ("Warning", "Any warning or error"), .. Symptoms.All], wordToComplete);
}
