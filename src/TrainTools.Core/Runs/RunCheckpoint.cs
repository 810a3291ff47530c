using System.Globalization;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>A finished checkpoint of a run.</summary>
/// <param name="Step">Optimizer step after which it was made.</param>
/// <param name="Path">Its folder.</param>
public sealed record RunCheckpoint(int Step, string Path)
{
    /// <summary>End of the name of a damaged checkpoint that a resumed run passed over.</summary>
    public const string DamagedSuffix = ".damaged";

    /// <summary>End of the name of a good checkpoint that lies behind the one that a run was resumed from.</summary>
    public const string SupersededSuffix = ".superseded";

    private const string Prefix = "step-";

    /// <summary>The checkpoints in a run folder, oldest first. Folders that are still being written have other names.</summary>
    public static IReadOnlyList<RunCheckpoint> Find(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder.CheckpointsPath))
        {
            return Array.Empty<RunCheckpoint>();
        }

        // An array: PowerShell's [-1] asks for one.
        return Directory.EnumerateDirectories(folder.CheckpointsPath, Prefix + "*")
            .Select(path => (Path: path, Step: StepOf(System.IO.Path.GetFileName(path))))
            .Where(c => c.Step is not null)
            .Select(c => new RunCheckpoint(c.Step!.Value, c.Path))
            .OrderBy(c => c.Step)
            .ToArray();
    }

    /// <summary>The checkpoint that someone named: by its folder, by a name (step-000100), or by its step.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CheckpointNotFound"/>.</exception>
    public static RunCheckpoint Resolve(RunFolder folder, string wanted)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(wanted);
        var all = Find(folder);
        if (all.FirstOrDefault(c => c.ToString() == wanted || c.Step.ToString(CultureInfo.InvariantCulture) == wanted) is { } known)
        {
            return known;
        }

        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(wanted));
        var name = System.IO.Path.GetFileName(path);
        if (Directory.Exists(path) && name.StartsWith(Prefix, StringComparison.Ordinal) && StepOf(name) is { } step)
        {
            return new RunCheckpoint(step, path);
        }

        throw new TrainToolsException(
            ErrorIds.CheckpointNotFound, ErrorKind.NotFound, $"There is no checkpoint '{wanted}' in '{folder.CheckpointsPath}'.",
            all.Count == 0 ? "The run has none." : $"It has {string.Join(", ", all.TakeLast(8))}.", wanted);
    }

    /// <inheritdoc/>
    public override string ToString() => System.IO.Path.GetFileName(Path);

    private static int? StepOf(string name) =>
        int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
}
