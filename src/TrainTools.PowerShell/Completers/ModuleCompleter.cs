using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Adapters;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes names of layers: those of the model that the command names.</summary>
internal sealed class ModuleCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Quietly(() =>
        {
            var model = Completion.Paths(fakeBoundParameters, "ModelPath").FirstOrDefault();
            var names = model is null ? [] : parameterName == "ModuleToSave" ? ModelModules.Outer(model) : ModelModules.Repeated(model);
            IEnumerable<(string, string)> all = parameterName == "TargetModule" ? [(AdapterTargets.AllLinear, "Every linear layer but the output head"), .. names] : names;
            return Completion.Of(all, wordToComplete);
        });
}
