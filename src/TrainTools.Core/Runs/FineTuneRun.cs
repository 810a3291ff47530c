using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;

namespace TrainTools.Core.Runs;

/// <summary>
/// A run folder and its state at the moment it was opened. Small figures are read then; metrics and configuration are
/// read when they are asked for.
/// </summary>
public sealed class FineTuneRun
{
    private readonly RunFolder folder;
    private readonly Lazy<RunMetrics> metrics;
    private readonly Lazy<IReadOnlyList<Diagnosis>> diagnoses;

    private FineTuneRun(RunFolder folder, RunInfo? info)
    {
        this.folder = folder;
        metrics = new Lazy<RunMetrics>(() => RunMetrics.Read(folder.MetricsPath));
        diagnoses = new Lazy<IReadOnlyList<Diagnosis>>(() => DiagnosisLog.Read(folder.DiagnosesPath));
        Checkpoints = RunCheckpoint.Find(folder);
        ModelPath = FirstFolder(folder.ModelPath, folder.AdapterPath, info?.Result?.ModelPath);
        if (info is null)
        {
            return;
        }

        State = info.ActualState(folder);
        LastHeartbeat = RunHeartbeat.Last(folder);
        MaxSteps = info.MaxSteps;
        StopReason = info.StopReason;
        ResumedFrom = info.ResumedFrom;
        ProcessId = info.ProcessId;
        StartedAt = info.StartedAt;
        EndedAt = info.EndedAt;
        Device = info.Device;
        Error = info.Error?.ToException() ?? (State == RunState.Failed ? CutOff(info) : null);
        var result = info.Result;
        if (result is not null)
        {
            Steps = result.Steps;
            FirstLoss = result.FirstLoss;
            FinalLoss = result.FinalLoss;
            Duration = TimeSpan.FromSeconds(result.TrainSeconds);
            TokensPerSecond = result.TrainSeconds > 0 ? result.NumInputTokens / result.TrainSeconds : null;
        }
        else if (metrics.Value.Steps is { Count: > 0 } steps)
        {
            // It runs, or ended without a word: what was logged tells how far it came.
            Steps = steps[^1].Step;
            FirstLoss = steps[0].Loss;
            FinalLoss = steps[^1].Loss;
            var seconds = steps.Sum(s => s.StepSeconds);
            Duration = TimeSpan.FromSeconds(seconds);
            TokensPerSecond = seconds > 0 ? steps.Sum(s => s.NumInputTokens) / seconds : null;
        }
    }

    /// <summary>Name of the folder.</summary>
    public string Name => System.IO.Path.GetFileName(folder.Path);

    /// <summary>The run folder.</summary>
    public string Path => folder.Path;

    /// <summary>State: a run whose trainer is gone without a word counts as failed.</summary>
    public RunState State { get; } = RunState.Created;

    /// <summary>Optimizer steps done.</summary>
    public int Steps { get; }

    /// <summary>Optimizer steps of the whole run; null until they are known.</summary>
    public int? MaxSteps { get; }

    /// <summary>Loss of the first step; null before it.</summary>
    public double? FirstLoss { get; }

    /// <summary>Loss of the last step; null before the first.</summary>
    public double? FinalLoss { get; }

    /// <summary>Time spent training.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Tokens trained on per second; null before the first step.</summary>
    public double? TokensPerSecond { get; }

    /// <summary>Start of the present or last trainer process.</summary>
    public DateTimeOffset? StartedAt { get; }

    /// <summary>Its end; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; }

    /// <summary>When the trainer last said that it is alive (every few seconds while it runs); null before it began.</summary>
    public DateTimeOffset? LastHeartbeat { get; }

    /// <summary>Number of the present or last trainer process; null before there was one.</summary>
    public int? ProcessId { get; }

    /// <summary>Why it was stopped; null where it was not.</summary>
    public string? StopReason { get; }

    /// <summary>Checkpoint that the present or last trainer process continued from; null for a fresh start.</summary>
    public string? ResumedFrom { get; }

    /// <summary>What a scheduler should be told: 0 completed, 1 failed, 2 invalid input, 3 stopped, 4 in use; null while it has not ended.</summary>
    public int? ExitCode => ExitCodes.For(State, Error);

    /// <summary>How each trainer process of this folder ended, oldest first (outcomes.jsonl as it is now).</summary>
    public IReadOnlyList<RunOutcome> ReadOutcomes() => RunOutcome.Read(folder.OutcomesPath);

    /// <summary>Device of the run; null before it was chosen.</summary>
    public string? Device { get; }

    /// <summary>The resulting model or adapter; null where none was saved yet.</summary>
    public string? ModelPath { get; }

    /// <summary>Checkpoints, oldest first.</summary>
    public IReadOnlyList<RunCheckpoint> Checkpoints { get; }

    /// <summary>Why it failed; null if it did not.</summary>
    public TrainToolsException? Error { get; }

    /// <summary>Logged steps, in order (metrics.jsonl as it was when first asked for).</summary>
    public IReadOnlyList<TrainingStep> Metrics => metrics.Value.Steps;

    /// <summary>Logged evaluations, in order.</summary>
    public IReadOnlyList<EvaluationResult> Evaluations => metrics.Value.Evaluations;

    /// <summary>What was diagnosed while it trained, as each diagnosis last was (diagnoses.jsonl as it was when first asked for).</summary>
    public IReadOnlyList<Diagnosis> Diagnoses => diagnoses.Value;

    /// <summary>What the result does on its held-out records (evaluation.json as it is now); null for language, and until it is there.</summary>
    public EvaluationReport? Evaluation => File.Exists(folder.EvaluationPath) ? EvaluationReport.Read(folder.EvaluationPath) : null;

    /// <summary>Out-of-fold probabilities of a cross-validation, for Invoke-DatasetClean -ProbabilityPath; null where there was none.</summary>
    public string? OutOfFoldPath => File.Exists(folder.OutOfFoldPath) ? folder.OutOfFoldPath : null;

    /// <summary>The resolved configuration.</summary>
    /// <exception cref="TrainToolsException">config.yaml is absent or invalid.</exception>
    public TrainingConfig ReadConfig() => ConfigYaml.Read(folder.ConfigPath);

    /// <summary>Opens a run folder.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.RunFolderNotFound"/>: there is no folder, or it is not a run's.</exception>
    public static FineTuneRun Open(string path)
    {
        var folder = new RunFolder(path);
        if (!Directory.Exists(folder.Path))
        {
            throw new TrainToolsException(ErrorIds.RunFolderNotFound, ErrorKind.NotFound, $"The run folder {folder.Path} does not exist.", "Check the path; Get-FineTuneRun lists the runs of a folder.", folder.Path);
        }

        return TryOpen(folder) ?? throw new TrainToolsException(
            ErrorIds.RunFolderNotFound, ErrorKind.NotFound, $"{folder.Path} is not a run folder: it holds neither run.json nor config.yaml.", "Name the folder that the run was started with (-OutputPath).", folder.Path);
    }

    /// <summary>Opens a folder if it is a run's; null where it is not.</summary>
    public static FineTuneRun? TryOpen(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var info = RunInfo.TryLoad(folder);
        return info is null && !File.Exists(folder.ConfigPath) ? null : new FineTuneRun(folder, info);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({State})";

    private static string? FirstFolder(params ReadOnlySpan<string?> candidates)
    {
        foreach (var candidate in candidates)
        {
            if (candidate is not null && Directory.Exists(candidate))
            {
                return candidate;
            }
        }

        return null;
    }

    private TrainToolsException CutOff(RunInfo info)
    {
        var from = Checkpoints.Count > 0 ? $" The last checkpoint is {Checkpoints[^1].Path}." : " It left no checkpoint.";
        return new TrainToolsException(
            ErrorIds.TrainerDied, ErrorKind.Unexpected, $"The trainer (process {info.ProcessId} on {info.Host}) ended without a word: it was killed, or the machine went down.{from}", $"{folder.LogPath} may tell more.", folder.Path);
    }
}
