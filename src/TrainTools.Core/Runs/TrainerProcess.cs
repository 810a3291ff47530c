using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using TrainTools.Core.Backend;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>
/// A running trainer, seen from the process that started it: its events as they come, and one clear error if it fails
/// or dies. One reader at a time; <see cref="RequestStop"/> and <see cref="Kill"/> may be called from any thread.
/// </summary>
public sealed class TrainerProcess : IDisposable
{
    private const int KeptLines = 200;
    private static readonly TimeSpan QueryTime = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly StreamReader output;
    private readonly StreamReader errors;
    private readonly RunFolder? folder;
    private readonly long logStart;
    private readonly long memoryKills;
    private readonly Channel<TrainerEvent> events = Channel.CreateUnbounded<TrainerEvent>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly Queue<string> printed = new();
    private readonly Lock inputGate = new();
    private TrainerError? error;
    private bool hasResult;
    private bool inputOpen = true;
    private volatile bool killed;
    private volatile bool released;

    private TrainerProcess(TrainerCommand command, IReadOnlyList<string> arguments, RunFolder? folder)
    {
        this.folder = folder;
        logStart = folder is not null && File.Exists(folder.LogPath) ? new FileInfo(folder.LogPath).Length : 0;
        memoryKills = OutOfMemoryCounter.Read();
        process = Launch(command, arguments);
        (output, errors) = (process.StandardOutput, process.StandardError);
        Output = Start("trainer events", ReadEvents);
        Errors = Start("trainer errors", ReadErrors);
    }

    /// <summary>The system's number of the process.</summary>
    public int ProcessId => process.Id;

    private Thread Output { get; }

    private Thread Errors { get; }

    /// <summary>
    /// Starts the run that a folder describes. It stops by itself, with a checkpoint, when the present process ends, unless
    /// it is detached; it is killed when this object is disposed of before it has ended, unless <see cref="LetGo"/> was called.
    /// </summary>
    /// <param name="command">How to start the trainer.</param>
    /// <param name="folder">The run folder, with config.yaml.</param>
    /// <param name="request">How to do it; null = a new run.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerStartFailed"/>.</exception>
    public static TrainerProcess StartRun(TrainerCommand command, RunFolder folder, RunRequest? request = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(command);
        var environment = new Dictionary<string, string>(AllocatorSettings.For(OperatingSystem.IsLinux(), Environment.GetEnvironmentVariables().Keys.Cast<string>()));
        foreach (var (name, value) in command.Environment)
        {
            environment[name] = value;
        }

        request ??= new RunRequest();
        return new TrainerProcess(
            command with { Environment = environment }, ["run", folder.Path, .. (request with { WatchInput = !request.Detach }).ToArguments()], folder);
    }

    /// <summary>Loads a model and waits for <see cref="Ask"/>.</summary>
    /// <param name="command">How to start the trainer.</param>
    /// <param name="modelPath">Model or adapter folder.</param>
    /// <param name="device">auto, cpu, cuda or cuda:n.</param>
    /// <param name="basePath">Folder of an adapter's base; null = the one the adapter names.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerStartFailed"/>.</exception>
    public static TrainerProcess StartGeneration(TrainerCommand command, string modelPath, string device = "auto", string? basePath = null) =>
        new(command, ["generate", modelPath, "--device", device, .. basePath is null ? (string[])[] : ["--base", basePath]], null);

    /// <summary>Exports a model or adapter; its only event of interest is the <see cref="ExportedModel"/>.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerStartFailed"/>.</exception>
    public static TrainerProcess StartExport(TrainerCommand command, ExportRequest request)
    {
        var process = new TrainerProcess(command, ["export"], null);
        process.WriteInput(JsonSerializer.Serialize(request, TrainerEvent.JsonOptions));
        process.CloseInput();
        return process;
    }

    /// <summary>Makes a model with fresh weights; its only event of interest is the <see cref="InitializedModel"/>.</summary>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.TrainerStartFailed"/>.</exception>
    public static TrainerProcess StartInit(TrainerCommand command, InitRequest request)
    {
        var process = new TrainerProcess(command, ["init"], null);
        process.WriteInput(JsonSerializer.Serialize(request, TrainerEvent.JsonOptions));
        process.CloseInput();
        return process;
    }

    /// <summary>Asks the trainer which libtorch it uses and why.</summary>
    /// <param name="command">How to start it.</param>
    /// <param name="cancellationToken">Ends it, and the trainer with it.</param>
    /// <exception cref="TrainToolsException">It could not be started, died or did not answer.</exception>
    public static BackendReport QueryBackend(TrainerCommand command, CancellationToken cancellationToken = default)
    {
        using var process = Launch(command, ["backend"]);
        using var stop = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var answer = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        if (!process.WaitForExit(QueryTime))
        {
            process.Kill(entireProcessTree: true);
            throw new TrainToolsException(ErrorIds.TrainerFailed, ErrorKind.Unexpected, $"The trainer did not say within {QueryTime.TotalMinutes} minutes which backend it uses.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        return BackendReport.TryParse(answer.GetAwaiter().GetResult())
            ?? throw TrainerDeath.Explain(process.ExitCode, false, errors.GetAwaiter().GetResult().Split('\n'), null);
    }

    /// <summary>
    /// The events as they come; waits for the next one. Ends when the trainer has ended well (completed, stopped, or
    /// killed by <see cref="Kill"/>).
    /// </summary>
    /// <exception cref="TrainToolsException">The error the trainer reported, or <see cref="ErrorIds.TrainerDied"/>.</exception>
    /// <exception cref="OperationCanceledException">The wait was given up; the trainer runs on.</exception>
    public IEnumerable<TrainerEvent> Events(CancellationToken cancellation = default)
    {
        while (Read(cancellation) is { } next)
        {
            yield return next;
        }
    }

    /// <summary>The next event; null when there are no more. Exceptions as for <see cref="Events"/>.</summary>
    public TrainerEvent? Read(CancellationToken cancellation = default)
    {
        var more = events.Reader.WaitToReadAsync(cancellation);
        if (more.IsCompleted ? more.Result : more.AsTask().GetAwaiter().GetResult())
        {
            return events.Reader.TryRead(out var next) ? next : null;
        }

        Finish();
        return null;
    }

    /// <summary>Sends a generation request; its answer is the <see cref="GeneratedText"/> (or <see cref="TrainerError"/> event) with its number.</summary>
    public void Ask(GenerationRequest request) => WriteInput(JsonSerializer.Serialize(request, TrainerEvent.JsonOptions));

    /// <summary>Says that no more requests come: the trainer ends when all are answered.</summary>
    public void EndRequests() => CloseInput();

    /// <summary>Asks the trainer to stop after the current step, with a checkpoint. Returns at once; the result follows as an event.</summary>
    public void RequestStop() => CloseInput();

    /// <summary>Ends the process now. What is on disk stays as it is.</summary>
    public void Kill()
    {
        killed = true;
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself.
        }
    }

    /// <summary>From now on the trainer is on its own: disposing of this object leaves it running.</summary>
    public void LetGo() => released = true;

    /// <summary>Lets go of the trainer; one that still runs is killed, unless it was released.</summary>
    public void Dispose()
    {
        if (released)
        {
            // The threads go on reading what it says for as long as this process lives; after that its streams break.
            CloseInput();
            process.Dispose();
            return;
        }

        Kill();
        Output.Join();
        Errors.Join();
        process.Dispose();
    }

    private static Process Launch(TrainerCommand command, IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(command);
        var start = new ProcessStartInfo(command.FileName, command.With(arguments))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new TrainToolsException(
                ErrorIds.TrainerStartFailed, ErrorKind.NotFound, $"The trainer could not be started with '{command.FileName}': {e.Message}", "Install the TrainTools module again.", command.FileName, e);
        }
    }

    private static Thread Start(string name, ThreadStart body)
    {
        var thread = new Thread(body) { IsBackground = true, Name = name };
        thread.Start();
        return thread;
    }

    private void ReadEvents()
    {
        while (ReadLine(output) is { } line)
        {
            switch (TrainerEvent.TryParse(line))
            {
                case null:
                    Keep(line);
                    break;
                case TrainerError { Index: null } fatal:
                    error ??= fatal;
                    break;
                case { } item:
                    hasResult |= item is RunResult;
                    events.Writer.TryWrite(item);
                    break;
            }
        }

        events.Writer.Complete();
    }

    private void ReadErrors()
    {
        while (ReadLine(errors) is { } line)
        {
            Keep(line);
        }
    }

    private string? ReadLine(StreamReader reader)
    {
        try
        {
            return reader.ReadLine();
        }
        catch (Exception e) when (released && e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            return null; // the stream was let go of
        }
    }

    private void Keep(string line)
    {
        lock (printed)
        {
            printed.Enqueue(line);
            if (printed.Count > KeptLines)
            {
                printed.Dequeue();
            }
        }
    }

    /// <summary>Called at the end of the events: throws what went wrong.</summary>
    private void Finish()
    {
        process.WaitForExit();
        Errors.Join();
        if (killed)
        {
            return;
        }

        if (error is not null)
        {
            throw error.ToException();
        }

        if (folder is null ? process.ExitCode is not (0 or 2 or 3) : !hasResult)
        {
            var death = TrainerDeath.Explain(process.ExitCode, OutOfMemoryCounter.Read() > memoryKills, Log(), folder);
            Record(death);
            throw death;
        }
    }

    /// <summary>What the trainer printed: its log since it began, and what came before it had one.</summary>
    private List<string> Log()
    {
        List<string> lines;
        lock (printed)
        {
            lines = [.. printed];
        }

        if (folder is not null && File.Exists(folder.LogPath))
        {
            using var log = new FileStream(folder.LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            log.Position = Math.Max(Math.Min(logStart, log.Length), log.Length - (1 << 16));
            using var reader = new StreamReader(log);
            lines.AddRange(reader.ReadToEnd().Split('\n'));
        }

        return lines;
    }

    /// <summary>Writes the death into run.json, which the trainer itself could not do.</summary>
    private void Record(TrainToolsException death)
    {
        if (folder is null || RunInfo.TryLoad(folder) is not { State: RunState.Running } info || info.ProcessId != process.Id)
        {
            return;
        }

        try
        {
            File.Delete(folder.ReservePath); // a full disk may have been the cause: this makes room for what follows
            var ended = info with { State = RunState.Failed, EndedAt = DateTimeOffset.Now, Error = TrainerError.From(death) };
            ended.Save(folder);
            RunOutcome.From(folder, ended, process.ExitCode).TryAppend(folder.OutcomesPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The death is about to be reported; readers of the folder see that nobody holds its lock.
        }
    }

    private void WriteInput(string line)
    {
        lock (inputGate)
        {
            try
            {
                process.StandardInput.WriteLine(line);
                process.StandardInput.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // The trainer is gone: the end of its events tells why.
            }
        }
    }

    private void CloseInput()
    {
        lock (inputGate)
        {
            if (inputOpen)
            {
                inputOpen = false;
                try
                {
                    process.StandardInput.Close();
                }
                catch (IOException)
                {
                    // The trainer is gone.
                }
            }
        }
    }
}
