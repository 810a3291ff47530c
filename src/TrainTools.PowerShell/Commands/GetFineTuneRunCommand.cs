using System.Management.Automation;
using TrainTools.Core.Runs;

namespace TrainTools.PowerShell.Commands;

/// <summary>
/// Opens runs: the folders named, or every run in the folder <c>runs</c> at the shell's location. A folder that holds
/// runs stands for all of them.
/// </summary>
[Cmdlet(VerbsCommon.Get, "FineTuneRun", DefaultParameterSetName = PathSet)]
[OutputType(typeof(FineTuneRun))]
public sealed class GetFineTuneRunCommand : CommandBase
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string DefaultPath = "runs";

    /// <summary>Run folders, or folders of runs; wildcards are allowed.</summary>
    [Parameter(Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(Completers.RunCompleter))]
    public string[]? Path { get; set; }

    /// <summary>Run folders that are taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Only runs in these states.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public RunState[]? State { get; set; }

    /// <inheritdoc/>
    protected override void Process()
    {
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in literal ? LiteralPath : Path ?? [DefaultPath])
        {
            // What someone names must be a run or hold runs; what a pattern matches, or the default, need not.
            var isNamed = literal || (Path is not null && !WildcardPattern.ContainsWildcardCharacters(path));
            foreach (var full in PathHelper.Resolve(this, [path], literal, mayBeNone: true))
            {
                Cancellation.ThrowIfCancellationRequested();
                Write(full, isNamed);
            }
        }
    }

    private void Write(string path, bool isNamed)
    {
        try
        {
            WriteObject(Find(path, isNamed).FindAll(run => State is null || State.Contains(run.State)), enumerateCollection: true);
        }
        catch (Exception e) when (IsUserError(e))
        {
            WriteError(ErrorRecords.From(e, path));
        }
    }

    private static List<FineTuneRun> Find(string path, bool isNamed)
    {
        if (FineTuneRun.TryOpen(new RunFolder(path)) is { } run)
        {
            return [run];
        }

        List<FineTuneRun> inside = !Directory.Exists(path) ? [] :
        [
            .. Directory.EnumerateDirectories(path)
                .Order(StringComparer.Ordinal)
                .Select(folder => FineTuneRun.TryOpen(new RunFolder(folder)))
                .OfType<FineTuneRun>(),
        ];

        // Opening it once more says why a folder that was named is no run.
        return inside.Count > 0 || !isNamed ? inside : [FineTuneRun.Open(path)];
    }
}
