using System.Runtime.InteropServices;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// Says whether the run is to stop: the file `stop` in the run folder, the end of standard input (where the parent asked for
/// that), a signal, a time limit. The loop asks after each step, writes its checkpoint and returns.
/// </summary>
public sealed class StopSignal : IDisposable
{
    private readonly string? requestPath;
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly TaskCompletionSource requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StopSignal? other;
    private readonly System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
    private TimeSpan? limit;
    private DateTimeOffset? end;
    private volatile string? reason;
    private int signalled;

    private StopSignal(string? requestPath) => this.requestPath = requestPath;

    /// <summary>Whether to stop now. Cheap enough to ask after every step.</summary>
    public bool IsRequested
    {
        get
        {
            if (reason is null && limit is { } most && clock.Elapsed >= most)
            {
                Request(FormattableString.Invariant($"its time limit of {most:c} is over"));
            }

            if (reason is null && DateTimeOffset.UtcNow >= end)
            {
                Request(FormattableString.Invariant($"it was to end at {end:yyyy-MM-dd HH:mm:sszzz}"));
            }

            if (reason is null && requestPath is not null && File.Exists(requestPath))
            {
                Request("the file 'stop' was put into the run folder");
            }

            if (reason is null && other is { IsRequested: true })
            {
                Request(other.Reason ?? "it was asked to");
            }

            return reason is not null;
        }
    }

    /// <summary>Why, as the rest of "stopped because …"; null while nobody asked.</summary>
    public string? Reason => reason;

    /// <summary>Ends when a stop is asked for, other than by file: for those who wait for something else meanwhile.</summary>
    public Task Requested => requested.Task;

    /// <summary>A signal that nothing but <see cref="Request"/> raises.</summary>
    public static StopSignal Manual() => new(null);

    /// <summary>A signal of its own, raised as well where another one is.</summary>
    public static StopSignal Linked(StopSignal other) => new(null) { other = other };

    /// <summary>Watches a run folder. A request that an earlier run left behind is removed.</summary>
    public static StopSignal Watch(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        File.Delete(folder.StopRequestPath);
        return new StopSignal(folder.StopRequestPath);
    }

    /// <summary>Asks for a stop; the first reason stays.</summary>
    public void Request(string why)
    {
        reason ??= why;
        requested.TrySetResult();
    }

    /// <summary>
    /// Interrupt, termination and hang-up ask for a stop the first time. The second time they do what they always do:
    /// end the process. Only signals count for that: on Ctrl+C in a terminal the parent asks as well, and may be first.
    /// </summary>
    /// <param name="hangUp">Whether a hang-up (the terminal was closed) asks for a stop; where not, it is ignored.</param>
    public void ListenToSignals(bool hangUp = true)
    {
        if (!hangUp)
        {
            signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true));
        }

        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, .. hangUp ? [PosixSignal.SIGHUP] : Array.Empty<PosixSignal>()])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = Interlocked.Exchange(ref signalled, 1) == 0;
                Request($"the signal {context.Signal} was received");
            }));
        }
    }

    /// <summary>
    /// Asks for a stop by time. A duration counts from the start of this process by a clock that no one sets; a moment is
    /// the wall clock's, whoever sets it.
    /// </summary>
    public void EndBy(TimeSpan? duration, DateTimeOffset? moment) => (limit, end) = (duration, moment);

    /// <summary>Asks for a stop when the stream ends: the parent closed it, or is gone.</summary>
    public void WatchForEnd(Stream input)
    {
        var watcher = new Thread(() =>
        {
            Span<byte> buffer = stackalloc byte[64];
            try
            {
                while (input.Read(buffer) > 0)
                {
                }
            }
            catch (IOException)
            {
            }

            Request("standard input was closed");
        })
        {
            IsBackground = true,
            Name = "stdin watch",
        };
        watcher.Start();
    }

    /// <summary>Removes the request file, so that the next run does not stop at once.</summary>
    public void Dispose()
    {
        signals.ForEach(s => s.Dispose());
        signals.Clear();
        if (requestPath is not null)
        {
            File.Delete(requestPath);
        }
    }
}
