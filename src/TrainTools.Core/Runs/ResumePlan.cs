using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>How a run goes on: from which checkpoint, and what is to be said about it.</summary>
/// <param name="Checkpoint">The checkpoint; null = there is none yet, so the run begins at its first step.</param>
/// <param name="Damaged">Newer checkpoints that were passed over.</param>
/// <param name="Differences">What is not as it was when the checkpoint was made.</param>
/// <param name="Warnings">Sentences for the one who resumes.</param>
public sealed record ResumePlan(
    RunCheckpoint? Checkpoint, IReadOnlyList<RunCheckpoint> Damaged, IReadOnlyList<RunDifference> Differences, IReadOnlyList<string> Warnings)
{
    /// <summary>In place of a checkpoint: the newest good one.</summary>
    public const string Latest = "latest";

    /// <summary>Chooses the checkpoint and compares it with what the run would read now.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="config">The run's configuration now.</param>
    /// <param name="hashes">Hashes of what it would read, by <see cref="RunHashes"/>.</param>
    /// <param name="versions">Versions of what would compute; null = not compared.</param>
    /// <param name="checkpoint">A checkpoint: a folder, a name (step-000100) or a step; null or "latest" = the newest good one.</param>
    /// <param name="force">Whether a difference that changes the training is accepted.</param>
    /// <exception cref="TrainToolsException">
    /// <see cref="ErrorIds.ResumeRefused"/>, <see cref="ErrorIds.CheckpointNotFound"/>, <see cref="ErrorIds.CheckpointInvalid"/>.
    /// </exception>
    public static ResumePlan Create(
        RunFolder folder, TrainingConfig config, IReadOnlyDictionary<string, string> hashes, IReadOnlyDictionary<string, string>? versions = null, string? checkpoint = null, bool force = false)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(hashes);
        var warnings = new List<string>();
        var damaged = new List<RunCheckpoint>();
        var (chosen, identity) = Choose(folder, checkpoint, damaged, warnings);
        if (chosen is null || identity is null)
        {
            return new ResumePlan(null, damaged, [], warnings);
        }

        var differences = Compare(folder, identity, config, hashes, versions, warnings);
        var grave = differences.Where(d => d.Effect == DifferenceEffect.Training).ToList();
        if (grave.Count > 0 && !force)
        {
            throw Refused(folder, $"since the checkpoint of step {chosen.Step} was made", grave);
        }

        warnings.AddRange(grave.Select(d => $"Resumed all the same (forced): {d.Text}. The run is no longer what an undisturbed one would be."));
        warnings.AddRange(differences.Where(d => d.Effect == DifferenceEffect.Digits).Select(d => $"{Capital(d.Text)}: the last digits may differ from an undisturbed run."));
        return new ResumePlan(chosen, damaged, differences, warnings);
    }

    /// <summary>
    /// Makes way for the run: damaged checkpoints that were passed over get the ending .damaged, and later ones of the way
    /// that is left, .superseded. Nothing is deleted here.
    /// </summary>
    /// <returns>A sentence for each.</returns>
    public IReadOnlyList<string> SetAside(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var told = new List<string>();
        foreach (var later in RunCheckpoint.Find(folder).Where(c => c.Step > (Checkpoint?.Step ?? 0) || Damaged.Contains(c)))
        {
            var suffix = Damaged.Contains(later) ? RunCheckpoint.DamagedSuffix : RunCheckpoint.SupersededSuffix;
            var path = later.Path + suffix;
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }

            Directory.Move(later.Path, path);
            told.Add($"The checkpoint of step {later.Step} is now {System.IO.Path.GetFileName(path)}.");
        }

        if (told.Count > 0)
        {
            AtomicFile.FlushFolder(folder.CheckpointsPath);
        }

        return told;
    }

    /// <summary>The error of differences that change the training.</summary>
    public static TrainToolsException Refused(RunFolder folder, string since, IEnumerable<RunDifference> differences) => new(
        ErrorIds.ResumeRefused, ErrorKind.InvalidArgument,
        $"The run '{folder.Path}' cannot go on as it was: {string.Join("; ", differences.Select(d => d.Text))} ({since}).",
        "Put it back as it was, go on all the same with -Force (--force), or start a run in another folder.", folder.Path);

    private static (RunCheckpoint? Checkpoint, CheckpointIdentity? Identity) Choose(RunFolder folder, string? wanted, List<RunCheckpoint> damaged, List<string> warnings)
    {
        var all = RunCheckpoint.Find(folder);
        if (wanted is not null and not Latest)
        {
            var named = RunCheckpoint.Resolve(folder, wanted);
            return (named, CheckpointIdentity.Verify(named.Path));
        }

        TrainToolsException? first = null;
        foreach (var candidate in all.Reverse())
        {
            try
            {
                var identity = CheckpointIdentity.Verify(candidate.Path);
                if (damaged.Count > 0)
                {
                    warnings.Add($"{first!.Message} The run goes on from the one before it, of step {candidate.Step}.");
                }

                return (candidate, identity);
            }
            catch (TrainToolsException e)
            {
                first ??= e;
                damaged.Add(candidate);
            }
        }

        return damaged.Count == 0 ? (null, null) : throw new TrainToolsException(
            ErrorIds.CheckpointInvalid, ErrorKind.InvalidData,
            $"None of the {damaged.Count} checkpoint(s) in '{folder.CheckpointsPath}' can be used. {first!.Message}",
            "Restore one from a backup, or start the run again (-Force replaces what is there).", folder.CheckpointsPath);
    }

    private static List<RunDifference> Compare(
        RunFolder folder, CheckpointIdentity identity, TrainingConfig config, IReadOnlyDictionary<string, string> hashes, IReadOnlyDictionary<string, string>? versions, List<string> warnings)
    {
        var differences = new List<RunDifference>();
        if (identity.Config is { } was)
        {
            // What the run itself changed after it (remedy: auto) is no surprise.
            was = RemedyLog.Read(folder).Where(r => r.BackToStep >= identity.Step).Aggregate(was, AutoRemedy.Apply);
            differences.AddRange(RunDifference.Between(was, config));
        }

        // Layout 1 kept no hashes in the checkpoint: run.json has those of the last process.
        if ((identity.Hashes ?? RunInfo.TryLoad(folder)?.Hashes) is { Count: > 0 } before)
        {
            differences.AddRange(RunDifference.Between(identity.Hashes is null ? Comparable(before, hashes) : before, identity.Hashes is null ? Comparable(hashes, before) : hashes, identity.Config, config));
            if (identity.Config is null && before.GetValueOrDefault("config") is { } hash && hash != hashes.GetValueOrDefault("config"))
            {
                differences.Add(new RunDifference("config", DifferenceEffect.Training, "config.yaml has changed (the checkpoint is of an older layout, which does not say in which setting)"));
            }
        }
        else
        {
            warnings.Add("The checkpoint does not say what it was trained on: nothing could be compared.");
        }

        if (identity.Versions is not null && versions is not null)
        {
            differences.AddRange(RunDifference.Between(identity.Versions, versions));
        }

        return differences;
    }

    // What an older version did not hash cannot have changed as far as anyone knows.
    private static Dictionary<string, string> Comparable(IReadOnlyDictionary<string, string> hashes, IReadOnlyDictionary<string, string> others) =>
        hashes.Where(h => others.ContainsKey(h.Key)).ToDictionary(h => h.Key, h => h.Value, StringComparer.Ordinal);

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
