using TrainTools.Core.Backend;
using TrainTools.Core.Configuration;
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
    /// <param name="resumeFrom">Checkpoint folder to continue from; null for a new run.</param>
    /// <param name="watchInput">Whether the end of standard input asks for a stop.</param>
    /// <param name="events">Event stream.</param>
    /// <returns>The exit code.</returns>
    public int Run(RunFolder folder, string? resumeFrom, bool watchInput, IEventSink events)
    {
        ArgumentNullException.ThrowIfNull(events);
        using var runLock = RunLock.Acquire(folder);
        StandardStreams.LogTo(folder.LogPath);
        Console.Error.WriteLine($"--- {DateTimeOffset.Now:yyyy-MM-ddTHH:mm:sszzz} TrainTools {BackendInspector.TrainToolsVersion}, process {Environment.ProcessId} on {Environment.MachineName}");

        using var stop = StopSignal.Watch(folder);
        stop.ListenToSignals();
        if (watchInput)
        {
            stop.WatchForEnd(Console.OpenStandardInput());
        }

        var info = Begin(folder, resumeFrom);
        RunContext? context = null;
        try
        {
            var config = ConfigYaml.Read(folder.ConfigPath);
            var backend = TorchBackend.Initialize(new TorchBackendOptions { Threads = config.Runtime.NumThreads });
            context = new RunContext { Folder = folder, Config = config, Events = events, Stop = stop, ResumeFrom = resumeFrom, Info = info };
            context.Describe(i => i with
            {
                Hashes = RunHashes.Of(folder, config),
                Versions = new Dictionary<string, string>(i.Versions) { ["libtorch"] = backend.LibTorchVersion ?? "unknown" },
            });

            var result = engine.Run(context);
            (context.Info with { State = result.State, EndedAt = DateTimeOffset.Now, Result = result }).Save(folder);
            if (RunReport.TryWrite(folder) is { } problem)
            {
                events.Send(new LogMessage { Level = "warning", Message = problem });
            }

            if (result.State == RunState.Stopped)
            {
                events.Send(new LogMessage { Level = "information", Message = $"The run stopped after step {result.Steps} because {stop.Reason ?? "it was asked to"}." });
            }

            events.Send(result);
            return result.State == RunState.Stopped ? ExitCodes.Stopped : ExitCodes.Completed;
        }
        catch (Exception e)
        {
            Fail(folder, context?.Info ?? info, e);
            throw;
        }
    }

    private static RunInfo Begin(RunFolder folder, string? resumeFrom)
    {
        var info = new RunInfo
        {
            State = RunState.Running,
            StartedAt = DateTimeOffset.Now,
            ProcessId = Environment.ProcessId,
            Host = Environment.MachineName,
            OperatingSystem = System.Runtime.InteropServices.RuntimeInformation.OSDescription,
            ResumedFrom = resumeFrom,
            Versions = new Dictionary<string, string>
            {
                ["train_tools"] = BackendInspector.TrainToolsVersion,
                ["dotnet"] = Environment.Version.ToString(),
                ["torch_sharp"] = BackendPlatform.TorchSharpVersion,
            },
        };
        info.Save(folder);
        return info;
    }

    private static void Fail(RunFolder folder, RunInfo info, Exception exception)
    {
        try
        {
            (info with { State = RunState.Failed, EndedAt = DateTimeOffset.Now, Error = TrainerError.From(TorchErrors.Translate(exception)) }).Save(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk, say: the first error is the one to report.
            Console.Error.WriteLine($"run.json could not be written: {e.Message}");
        }
    }
}
