using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.EventPipe;

namespace TrainTools.Bench.Training;

/// <summary>
/// How much of a thread's time passes outside native calls: the runtime's own sampler asks every millisecond or so whether the
/// thread is in managed code or in a call out of it (libtorch, and whatever it waits for there).
/// </summary>
internal sealed class ManagedTime : IDisposable
{
    private readonly EventPipeSession session;
    private readonly Task reading;
    private int managed;
    private int all;

    /// <summary>Begins to sample the calling thread.</summary>
    public ManagedTime()
    {
        var thread = NativeThreadId();
        var provider = new EventPipeProvider("Microsoft-DotNETCore-SampleProfiler", EventLevel.Informational);
        session = new DiagnosticsClient(Environment.ProcessId).StartEventPipeSession([provider], requestRundown: false);
        reading = Task.Run(() =>
        {
            using var source = new EventPipeEventSource(session.EventStream);
            new SampleProfilerTraceEventParser(source).ThreadSample += sample =>
            {
                if (sample.ThreadID == thread)
                {
                    all++;
                    managed += sample.Type == ClrThreadSampleType.Managed ? 1 : 0;
                }
            };
            source.Process();
        });
    }

    /// <summary>Ends sampling; the share of samples outside native calls, NaN without samples.</summary>
    public double Stop()
    {
        session.Stop();
        reading.Wait();
        return all == 0 ? double.NaN : managed / (double)all;
    }

    /// <inheritdoc/>
    public void Dispose() => session.Dispose();

    // The id that the sampler gives: the operating system's. The main thread's is the process's on Linux.
    private static int NativeThreadId() =>
        OperatingSystem.IsLinux() ? int.Parse(Path.GetFileName(new FileInfo("/proc/thread-self").LinkTarget!), System.Globalization.CultureInfo.InvariantCulture)
        : OperatingSystem.IsWindows() ? (int)GetCurrentThreadId() : 0;

    [System.Runtime.InteropServices.DllImport("kernel32.dll")]
    private static extern uint GetCurrentThreadId();
}
