using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Data;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes names of fields: those of the first records of the data that the command names.</summary>
internal sealed class FieldCompleter : IArgumentCompleter
{
    private const int Records = 20;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Quietly(() => Completion.Paths(fakeBoundParameters, "DatasetPath", "Path", "LiteralPath").FirstOrDefault() is { } path
            ? Completion.Of(new DatasetReader().PeekFields(path, Records).Select(f => (f.Name, f.Example)), wordToComplete)
            : []);
}
