using TrainTools.Core.Backend;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Reports;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Backend;

namespace TrainTools.Trainer.Hosting;

/// <summary>`run FOLDER`: does the run that the folder describes, and keeps its run.json true.</summary>
public sealed class RunVerb(ITrainingEngine engine)
{
    /// <summary>Does the run. The caller reports what this throws.</summary>
    /// <param name="folder">The run folder with config.yaml.</param>
    /// <param name="request">How.</param>
    /// <param name="events">Event stream.</param>
    /// <returns>The exit code.</returns>
    public int Run(RunFolder folder, RunRequest request, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(events);
        if (request.Detach)
        {
            DetachedSession.Begin();
        }

        using var runLock = RunLock.Acquire(folder);
        RefuseLinks(folder);
        LogRotation.Rotate(folder.LogPath);
        StandardStreams.LogTo(folder.LogPath);
        Console.Error.WriteLine($"--- {DateTimeOffset.Now:yyyy-MM-ddTHH:mm:sszzz} TrainTools {BackendInspector.TrainToolsVersion}, process {Environment.ProcessId} on {Environment.MachineName}");
        using var heart = new Heart(runLock, folder);
        using var stop = StopSignal.Watch(folder);
        stop.ListenToSignals(hangUp: !request.Detach);
        stop.EndBy(request.MaxDuration, request.StopAt);
        if (request.WatchInput)
        {
            stop.WatchForEnd(Console.OpenStandardInput());
        }

        IEventSink sink = new LogSink(events);
        sink = request.StopOn.Count == 0 ? sink : new StopOnSink(sink, StopRule.Parse(request.StopOn), stop);
        NoteCutOff(folder);
        return request.Resume is null ? Begin(folder, request, stop, sink) : Resume(folder, request, stop, sink);
    }

    /// <summary>A new run; one that is there with checkpoints is not written over by mistake.</summary>
    private int Begin(RunFolder folder, RunRequest request, StopSignal stop, IEventSink events)
    {
        if (RunCheckpoint.Find(folder) is [.., var newest])
        {
            if (!request.Force)
            {
                throw new TrainToolsException(
                    ErrorIds.OutputFolderNotEmpty, ErrorKind.AlreadyExists, $"The run folder '{folder.Path}' has checkpoints up to step {newest.Step}.",
                    "Continue with --resume latest, or begin again with --force.", folder.Path);
            }

            Tell(events, new ResumePlan(null, [], [], []).SetAside(folder));
        }

        return Train(folder, request, null, stop, events, RunInfo.TryLoad(folder));
    }

    /// <summary>A run that is refused here stays as it was: it has not begun to go on.</summary>
    private int Resume(RunFolder folder, RunRequest request, StopSignal stop, IEventSink events)
    {
        var before = RunInfo.TryLoad(folder);
        ResumePlan plan;
        try
        {
            var config = ConfigYaml.Read(folder.ConfigPath);
            plan = ResumePlan.Create(folder, config, RunHashes.Of(folder, config), Versions(), request.Resume, request.Force);
        }
        catch (TrainToolsException e)
        {
            var now = Describe(null) with { State = RunState.Failed, EndedAt = DateTimeOffset.Now, Error = TrainerError.From(e) };
            RunOutcome.From(folder, now, ExitCodes.For(e)).TryAppend(folder.OutcomesPath);
            throw;
        }

        foreach (var warning in plan.Warnings)
        {
            events.Send(new LogMessage { Level = "warning", Message = warning });
        }

        if (before is { State: RunState.Completed, Result: { } done } && request.Resume == ResumePlan.Latest && !plan.Differences.Any(d => d.Effect == DifferenceEffect.Training))
        {
            events.Send(new LogMessage { Level = "information", Message = $"The run is complete since {before.EndedAt:yyyy-MM-dd HH:mm}: there is nothing left to do." });
            events.Send(done);
            return ExitCodes.Completed;
        }

        Tell(events, plan.SetAside(folder));
        return Train(folder, request, plan.Checkpoint?.Path, stop, events, before);
    }

    private int Train(RunFolder folder, RunRequest request, string? resumeFrom, StopSignal stop, IEventSink events, RunInfo? before)
    {
        RunReserve.Take(folder);
        var info = Describe(resumeFrom) with { Other = before?.Other };
        info.Save(folder);
        RunContext? context = null;
        try
        {
            var config = ConfigYaml.Read(folder.ConfigPath);
            RefuseLinksOfModel(config);
            var backend = TorchBackend.Initialize(new TorchBackendOptions { Threads = config.Runtime.NumThreads });
            context = new RunContext { Folder = folder, Config = config, Events = events, Stop = stop, ResumeFrom = resumeFrom, Info = info };
            context.Describe(i => i with
            {
                Hashes = RunHashes.Of(folder, config),
                Versions = new Dictionary<string, string>(i.Versions) { ["libtorch"] = backend.LibTorchVersion ?? "unknown" },
            });

            var result = (request.AutoRemedy ? new RemedyingEngine(engine) : engine).Run(context);
            RunReserve.Release(folder);
            var stopped = result.State == RunState.Stopped;
            var ended = context.Info with { State = result.State, EndedAt = DateTimeOffset.Now, Result = result, StopReason = stopped ? stop.Reason ?? "it was asked to" : null };
            ended.Save(folder);
            var exit = stopped ? ExitCodes.Stopped : ExitCodes.Completed;
            RunOutcome.From(folder, ended, exit).TryAppend(folder.OutcomesPath);
            if (RunReport.TryWrite(folder) is { } problem)
            {
                events.Send(new LogMessage { Level = "warning", Message = problem });
            }

            if (stopped)
            {
                events.Send(new LogMessage { Level = "information", Message = $"The run stopped after step {result.Steps} because {ended.StopReason}." });
            }

            events.Send(result);
            return exit;
        }
        catch (Exception e)
        {
            Fail(folder, context?.Info ?? info, e);
            throw;
        }
    }

    private static void Tell(IEventSink events, IEnumerable<string> messages)
    {
        foreach (var message in messages)
        {
            events.Send(new LogMessage { Level = "information", Message = message });
        }
    }

    private static RunInfo Describe(string? resumeFrom) => new()
    {
        State = RunState.Running,
        StartedAt = DateTimeOffset.Now,
        ProcessId = Environment.ProcessId,
        Host = Environment.MachineName,
        OperatingSystem = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
        ResumedFrom = resumeFrom,
        Versions = Versions(),
    };

    private static Dictionary<string, string> Versions() => new()
    {
        ["train_tools"] = BackendInspector.TrainToolsVersion,
        ["dotnet"] = Environment.Version.ToString(),
        ["torch_sharp"] = BackendPlatform.TorchSharpVersion,
    };

    /// <summary>The process before this one left no word (a power cut, a kill with nobody watching): its outcome is noted now.</summary>
    private static void NoteCutOff(RunFolder folder)
    {
        if (RunInfo.TryLoad(folder) is { State: RunState.Running } lost)
        {
            var error = new TrainerError
            {
                ErrorId = ErrorIds.TrainerDied,
                Kind = nameof(ErrorKind.Unexpected),
                Message = $"The trainer (process {lost.ProcessId} on {lost.Host}) ended without a word: it was killed, or the machine went down.",
            };
            RunOutcome.From(folder, lost with { State = RunState.Failed, Error = error }, null).TryAppend(folder.OutcomesPath);
        }
    }

    private static void Fail(RunFolder folder, RunInfo info, Exception exception)
    {
        RunReserve.Release(folder);
        try
        {
            var error = TorchErrors.Translate(exception);
            var ended = info with { State = RunState.Failed, EndedAt = DateTimeOffset.Now, Error = TrainerError.From(error) };
            ended.Save(folder);
            RunOutcome.From(folder, ended, ExitCodes.For(error)).TryAppend(folder.OutcomesPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, say: the first error is the one to report.
            Console.Error.WriteLine($"run.json could not be written: {e.Message}");
        }
    }

    /// <summary>What the trainer writes to must lie in the run folder.</summary>
    private static void RefuseLinks(RunFolder folder)
    {
        foreach (var path in (string[])
        [
            folder.ConfigPath, folder.RunInfoPath, folder.MetricsPath, folder.MetricsCsvPath, folder.DiagnosesPath, folder.OutcomesPath, folder.LogPath,
            folder.StopRequestPath, folder.ReservePath, folder.CheckpointsPath, folder.ModelPath, folder.AdapterPath,
        ])
        {
            SafeLinks.Ensure(folder.Path, path);
        }
    }

    /// <summary>What is read as part of the model must lie in its folder (or in the blobs of the cache that it is a snapshot of).</summary>
    private static void RefuseLinksOfModel(TrainingConfig config)
    {
        foreach (var model in new[] { config.Model.ModelNameOrPath, config.Model.TokenizerPath }.OfType<string>().Where(Directory.Exists).Distinct(StringComparer.Ordinal))
        {
            foreach (var file in Directory.EnumerateFileSystemEntries(model))
            {
                SafeLinks.Ensure(model, file, SafeLinks.BlobsOf(model));
            }
        }
    }
}
