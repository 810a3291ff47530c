using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Completers;

/// <summary>
/// Completes paths of runs: from <c>runs/</c>, or from the folder that was typed; within a run its checkpoints. Where
/// there is neither, the shell completes files as usual.
/// </summary>
internal sealed class RunCompleter : IArgumentCompleter
{
    private const string DefaultFolder = "runs";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Completion.Quietly(() =>
        {
            if (commandName.StartsWith(VerbsData.Import, StringComparison.OrdinalIgnoreCase))
            {
                // The parameter is shared with cmdlets that read files, not runs.
                return [];
            }

            var word = wordToComplete.Trim('\'', '"').Replace('\\', '/');
            var folder = word.LastIndexOf('/') is >= 0 and var slash ? word[..(slash + 1)] : string.Empty;
            return Completion.Of(folder.Length == 0 ? Runs(DefaultFolder + "/").Concat(Runs("")) : Runs(folder).Concat(Checkpoints(folder)), ShortName(word, folder));
        });

    // A name without a folder is also looked for in runs/.
    private static string ShortName(string word, string folder) => folder.Length == 0 && word.Length > 0 && !DefaultFolder.StartsWith(word, StringComparison.OrdinalIgnoreCase)
        ? $"{DefaultFolder}/{word}"
        : word;

    private static IEnumerable<(string Value, string Tip)> Runs(string folder)
    {
        var full = Completion.FullPath(folder.Length == 0 ? "." : folder);
        return !Directory.Exists(full) ? [] :
            from path in Directory.EnumerateDirectories(full).Order(StringComparer.Ordinal)
            let run = FineTuneRun.TryOpen(new RunFolder(path))
            where run is not null
            select ($"{folder}{Path.GetFileName(path)}", $"{run.State}, {run.Steps} steps");
    }

    private static IEnumerable<(string Value, string Tip)> Checkpoints(string folder)
    {
        var run = FineTuneRun.TryOpen(new RunFolder(Completion.FullPath(folder)));
        return (run?.Checkpoints ?? []).Select(c => ($"{folder}{Path.GetFileName(Path.GetDirectoryName(c.Path))}/{Path.GetFileName(c.Path)}", $"Checkpoint of step {c.Step}"));
    }
}
