using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TrainTools.Core.Configuration;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Trainer.Training;

/// <summary>
/// The checkpoints of a run. Each is copied in memory and then written on a thread of its own, one at a time, while
/// training goes on; where memory has no room for the copy, training waits for the disk.
/// </summary>
/// <param name="folder">The run folder.</param>
/// <param name="config">The run's configuration.</param>
/// <param name="labels">The run's labels; null for language.</param>
internal sealed class CheckpointStore(RunFolder folder, TrainingConfig config, LabelSet? labels = null) : IDisposable
{
    private const double CopyShare = 0.8;
    private readonly Queue<CheckpointSaved> saved = new();
    private Thread? writer;
    private double? held; // seconds that training stood still; null while it does
    private ExceptionDispatchInfo? failure;

    /// <summary>Refuses a run whose first checkpoint and result would not fit onto the disk.</summary>
    /// <exception cref="Core.Errors.TrainToolsException">DiskFull.</exception>
    public void EnsureRoom(TrainedWeights weights, AdamW optimizer) =>
        DiskSpace.Ensure(folder.Path, CheckpointSnapshot.Size(weights, optimizer) + weights.SavedBytes, "a checkpoint and the result");

    /// <summary>Begins to save. Returns when the state may change again; a save that is still under way is waited for first.</summary>
    /// <param name="weights">What is trained.</param>
    /// <param name="optimizer">Its optimizer.</param>
    /// <param name="state">Where the run stands.</param>
    /// <param name="flush">Brings to the disk what the checkpoint refers to; called on the writing thread.</param>
    /// <param name="bestStep">Step of the best checkpoint, which is not to be removed; null = none.</param>
    /// <exception cref="Core.Errors.TrainToolsException">DiskFull; what was saved before stays.</exception>
    public void Begin(TrainedWeights weights, AdamW optimizer, CheckpointState state, Action flush, int? bestStep)
    {
        var clock = Stopwatch.StartNew();
        Wait();
        var bytes = CheckpointSnapshot.Size(weights, optimizer);
        var kept = RunCheckpoint.Find(folder) is [.., var last] ? $"The checkpoint of step {last.Step} is whole." : null;
        DiskSpace.Ensure(folder.Path, bytes, FormattableString.Invariant($"the checkpoint of step {state.Step}"), kept);
        var snapshot = CheckpointSnapshot.Take(weights, optimizer, state, config, labels, HasMemoryFor(bytes));
        void Save()
        {
            using (snapshot)
            {
                flush();
                var path = snapshot.Write(folder);
                Rotate(state.Step, bestStep);
                lock (saved)
                {
                    saved.Enqueue(new CheckpointSaved
                    {
                        Step = state.Step, Path = path, Bytes = bytes, WriteSeconds = clock.Elapsed.TotalSeconds, HeldSeconds = held ?? clock.Elapsed.TotalSeconds,
                    });
                }
            }
        }

        held = null;
        if (!snapshot.IsCopy)
        {
            Save();
            return;
        }

        held = clock.Elapsed.TotalSeconds;
        writer = new Thread(() =>
        {
            try
            {
                Save();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            IsBackground = true,
            Name = "checkpoint",
        };
        writer.Start();
    }

    /// <summary>Checkpoints that are complete since the last call.</summary>
    /// <exception cref="IOException">A save failed, on its thread.</exception>
    public IReadOnlyList<CheckpointSaved> Poll()
    {
        if (writer is { IsAlive: false })
        {
            Wait();
        }

        lock (saved)
        {
            CheckpointSaved[] news = [.. saved];
            saved.Clear();
            return news;
        }
    }

    /// <summary>Waits for what is under way; gives what <see cref="Poll"/> gives.</summary>
    public IReadOnlyList<CheckpointSaved> Finish()
    {
        Wait();
        return Poll();
    }

    /// <summary>Lets a save that is under way come to its end. What goes wrong with it is no news any more.</summary>
    public void Dispose()
    {
        writer?.Join();
        writer = null;
    }

    private void Wait()
    {
        writer?.Join();
        writer = null;
        var thrown = failure;
        failure = null;
        thrown?.Throw();
    }

    /// <summary>
    /// Removes the oldest checkpoints beyond save_total_limit; the best and the latest stay. What lies aside from an earlier
    /// way goes when this way has come as far.
    /// </summary>
    private void Rotate(int step, int? bestStep)
    {
        foreach (var aside in Directory.EnumerateDirectories(folder.CheckpointsPath, "step-*" + RunCheckpoint.SupersededSuffix))
        {
            var name = Path.GetFileName(aside)["step-".Length..^RunCheckpoint.SupersededSuffix.Length];
            if (int.TryParse(name, System.Globalization.CultureInfo.InvariantCulture, out var of) && of <= step && (config.Checkpoints.SaveTotalLimit is not null || of == step))
            {
                Directory.Delete(aside, recursive: true);
            }
        }

        if (config.Checkpoints.SaveTotalLimit is not { } keep)
        {
            return;
        }

        var all = RunCheckpoint.Find(folder).Where(c => c.Step <= step).ToList();
        var best = all.Exists(c => c.Step == bestStep) ? 1 : 0;
        foreach (var old in all.Where(c => c.Step != bestStep).SkipLast(Math.Max(1, keep - best)))
        {
            // Out of the way first: a kill in the middle of deleting leaves no half checkpoint under a good name.
            var going = old.Path + AtomicFile.TemporarySuffix;
            if (Directory.Exists(going))
            {
                Directory.Delete(going, recursive: true);
            }

            Directory.Move(old.Path, going);
            Directory.Delete(going, recursive: true);
        }
    }

    private static bool HasMemoryFor(long bytes)
    {
        var info = GC.GetGCMemoryInfo();
        var available = info.TotalAvailableMemoryBytes - Environment.WorkingSet;
        if (OperatingSystem.IsLinux())
        {
            available = Math.Min(available, LinuxAvailable() ?? available);
        }

        return bytes < CopyShare * available;
    }

    private static long? LinuxAvailable()
    {
        try
        {
            var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemAvailable:", StringComparison.Ordinal));
            return line is null ? null : long.Parse(line["MemAvailable:".Length..^"kB".Length].Trim(), System.Globalization.CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }
}
