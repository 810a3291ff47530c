using System.Globalization;

namespace TrainTools.Core.Runs;

/// <summary>A finished checkpoint of a run.</summary>
/// <param name="Step">Optimizer step after which it was made.</param>
/// <param name="Path">Its folder.</param>
public sealed record RunCheckpoint(int Step, string Path)
{
    private const string Prefix = "step-";

    /// <summary>The checkpoints in a run folder, oldest first. Folders that are still being written have other names.</summary>
    public static IReadOnlyList<RunCheckpoint> Find(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (!Directory.Exists(folder.CheckpointsPath))
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateDirectories(folder.CheckpointsPath, Prefix + "*")
                .Select(path => (Path: path, Step: StepOf(System.IO.Path.GetFileName(path))))
                .Where(c => c.Step is not null)
                .Select(c => new RunCheckpoint(c.Step!.Value, c.Path))
                .OrderBy(c => c.Step),
        ];
    }

    /// <inheritdoc/>
    public override string ToString() => System.IO.Path.GetFileName(Path);

    private static int? StepOf(string name) =>
        int.TryParse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;
}
