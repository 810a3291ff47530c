using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Completers;

/// <summary>Completes names of checkpoints: those of the run that the command names, the newest first.</summary>
internal sealed class CheckpointCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Quietly(() =>
        {
            var path = Completion.Paths(fakeBoundParameters, "Path", "LiteralPath").FirstOrDefault();
            var run = path is null ? null : FineTuneRun.TryOpen(new RunFolder(path));
            return Completion.Of((run?.Checkpoints ?? []).Reverse().Select(c => (Path.GetFileName(c.Path), $"Step {c.Step}")), wordToComplete);
        });
}
