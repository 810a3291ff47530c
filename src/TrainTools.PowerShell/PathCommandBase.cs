using System.Management.Automation;
using TrainTools.Core.Errors;

namespace TrainTools.PowerShell;

/// <summary>A cmdlet that reads what lies at paths: -Path with wildcards, or -LiteralPath, one item at a time.</summary>
public abstract class PathCommandBase : CommandBase
{
    /// <summary>Parameter set with wildcards.</summary>
    protected const string PathSet = "Path";

    /// <summary>Parameter set without.</summary>
    protected const string LiteralPathSet = "LiteralPath";

    /// <summary>Paths; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(Completers.RunCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Paths that are taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <inheritdoc/>
    protected override void Process()
    {
        var literal = ParameterSetName == LiteralPathSet;
        foreach (var path in PathHelper.Resolve(this, literal ? LiteralPath : Path, literal))
        {
            Cancellation.ThrowIfCancellationRequested();
            try
            {
                ProcessPath(path);
            }
            catch (Exception e) when (IsUserError(e))
            {
                WriteError(ErrorRecords.From(e, path));
            }
        }
    }

    /// <summary>Once for each path. A <see cref="TrainToolsException"/> concerns this path alone.</summary>
    /// <param name="path">Full path; nothing need be there.</param>
    protected abstract void ProcessPath(string path);
}
