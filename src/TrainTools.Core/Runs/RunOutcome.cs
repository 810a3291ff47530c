using System.Text;
using System.Text.Json;

namespace TrainTools.Core.Runs;

/// <summary>How one trainer process ended: a line of outcomes.jsonl, and of the file that a scheduler collects.</summary>
public sealed record RunOutcome
{
    /// <summary>When it ended, or was found to have ended.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The run folder.</summary>
    public required string Run { get; init; }

    /// <summary>Completed, stopped or failed.</summary>
    public required RunState State { get; init; }

    /// <summary>The trainer's exit code; null where it ended without one that anybody saw.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Steps done.</summary>
    public int? Steps { get; init; }

    /// <summary>Loss of the last step.</summary>
    public double? FinalLoss { get; init; }

    /// <summary>Seconds of training, over all processes of the run.</summary>
    public double? TrainSeconds { get; init; }

    /// <summary>The model or adapter; null where none was saved.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Checkpoint to continue from; null where there is none.</summary>
    public string? CheckpointPath { get; init; }

    /// <summary>Checkpoint that this process continued from; null for a fresh start.</summary>
    public string? ResumedFrom { get; init; }

    /// <summary>Why it was stopped, or what went wrong.</summary>
    public string? Reason { get; init; }

    /// <summary>Stable id of the error; null where there was none.</summary>
    public string? ErrorId { get; init; }

    /// <summary>Start of the process.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its number.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Its machine.</summary>
    public string? Host { get; init; }

    /// <summary>The outcome that run.json tells.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="info">What run.json says.</param>
    /// <param name="exitCode">The exit code; null = not known.</param>
    public static RunOutcome From(RunFolder folder, RunInfo info, int? exitCode)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(info);
        return new RunOutcome
        {
            Time = info.EndedAt ?? DateTimeOffset.Now,
            Run = folder.Path,
            State = info.State,
            ExitCode = exitCode,
            Steps = info.Result?.Steps,
            FinalLoss = info.Result?.FinalLoss,
            TrainSeconds = info.Result?.TrainSeconds,
            ModelPath = info.Result?.ModelPath,
            CheckpointPath = RunCheckpoint.Find(folder) is [.., var newest] ? newest.Path : null,
            ResumedFrom = info.ResumedFrom,
            Reason = info.Error?.Message ?? info.StopReason,
            ErrorId = info.Error?.ErrorId,
            StartedAt = info.StartedAt,
            ProcessId = info.ProcessId,
            Host = info.Host,
        };
    }

    /// <summary>The outcome as one line of JSON, without a line end.</summary>
    public string ToJsonLine() => JsonSerializer.Serialize(this, TrainerEvent.JsonOptions);

    /// <summary>Appends it to a file as one line. Several processes may append to the same file.</summary>
    public void Append(string path)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 1);
        stream.Write(Encoding.UTF8.GetBytes(ToJsonLine() + "\n"));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>As <see cref="Append"/>; false where the disk is full or the folder cannot be written: run.json tells the same.</summary>
    public bool TryAppend(string path)
    {
        try
        {
            Append(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads a file of outcomes; a line that is none is passed over, a file that is not there holds none.</summary>
    public static IReadOnlyList<RunOutcome> Read(string path)
    {
        var outcomes = new List<RunOutcome>();
        if (!File.Exists(path))
        {
            return outcomes;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            try
            {
                if (JsonSerializer.Deserialize<RunOutcome>(line, TrainerEvent.JsonOptions) is { } outcome)
                {
                    outcomes.Add(outcome);
                }
            }
            catch (JsonException)
            {
                // Cut off by a crash.
            }
        }

        return outcomes;
    }
}
