using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TorchSharp;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// Threads that share the tasks of a loop, for kernels written here. A loop takes microseconds, so workers look for the next
/// one for a while before they sleep. Which thread takes which task differs from run to run: a task must not depend on that.
/// There are as many threads as libtorch was given (<see cref="TorchBackendOptions.Threads"/>), the caller's among them.
/// </summary>
internal static class WorkerThreads
{
    private static readonly long SpinTicks = Stopwatch.Frequency / 3000;
    private static readonly Lock Gate = new();
    private static readonly List<Worker> Workers = [];

    [ThreadStatic]
    private static bool inside;

    private static volatile Loop? current;
    private static int count;

    /// <summary>Threads of a loop, the caller's included.</summary>
    public static int Count => count > 0 ? count : count = Math.Clamp(torch.get_num_threads(), 1, Environment.ProcessorCount);

    /// <summary>libtorch's number of threads was set.</summary>
    public static void Use(int threads) => count = Math.Clamp(threads, 1, Environment.ProcessorCount);

    /// <summary>
    /// Keeps libtorch's operators to one thread until it is disposed of: their threads go on looking for work for a while after
    /// each operator, on the processors that these threads want.
    /// </summary>
    public static IDisposable Alone()
    {
        _ = Count;
        return new Restored(torch.get_num_threads());
    }

    /// <summary>Does tasks 0..<paramref name="tasks"/> - 1 and returns when all are done. What a task throws is thrown here.</summary>
    public static void For(int tasks, Action<int> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        if (tasks <= 1 || inside || Count == 1 || !Gate.TryEnter())
        {
            for (var i = 0; i < tasks; i++)
            {
                task(i);
            }

            return;
        }

        try
        {
            while (Workers.Count < Count - 1)
            {
                Workers.Add(new Worker());
            }

            var loop = new Loop(tasks, task);
            Interlocked.MemoryBarrier();
            current = loop;
            Interlocked.MemoryBarrier();
            for (var i = 0; i < Count - 1; i++)
            {
                Workers[i].Wake();
            }

            loop.Work();
            loop.Wait();
            loop.Failure?.Throw();
        }
        finally
        {
            Gate.Exit();
        }
    }

    private sealed class Restored : IDisposable
    {
        private readonly int threads;

        public Restored(int threads)
        {
            this.threads = threads;
            Set(1);
        }

        public void Dispose() => Set(threads);

        private void Set(int wanted)
        {
            if (threads != 1)
            {
                torch.set_num_threads(wanted);
            }
        }
    }

    private sealed class Loop(int tasks, Action<int> task)
    {
        private int next;
        private int done;

        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Work()
        {
            inside = true;
            for (var i = Interlocked.Increment(ref next) - 1; i < tasks; i = Interlocked.Increment(ref next) - 1)
            {
                try
                {
                    task(i);
                }
#pragma warning disable CA1031 // Every exception: it is thrown where the loop was asked for.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    Failure = ExceptionDispatchInfo.Capture(e);
                }

                Interlocked.Increment(ref done);
            }

            inside = false;
        }

        public void Wait()
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref done) < tasks)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }
        }
    }

    private sealed class Worker
    {
        private readonly object bell = new();
        private bool rung;
        private int asleep;

        public Worker() => new Thread(Live) { IsBackground = true, Name = "kernels" }.Start();

        public void Wake()
        {
            if (Interlocked.Exchange(ref asleep, 0) == 1)
            {
                lock (bell)
                {
                    rung = true;
                    Monitor.Pulse(bell);
                }
            }
        }

        private void Live()
        {
            Loop? last = null;
            while (true)
            {
                var since = Stopwatch.GetTimestamp();
                while (ReferenceEquals(current, last))
                {
                    Thread.SpinWait(8);
                    if (Stopwatch.GetTimestamp() - since > SpinTicks)
                    {
                        Sleep(last);
                    }
                }

                last = current;
                last?.Work();
            }
        }

        private void Sleep(Loop? last)
        {
            Interlocked.Exchange(ref asleep, 1);

            // A loop that came meanwhile may or may not have rung.
            if (ReferenceEquals(current, last) || Interlocked.Exchange(ref asleep, 0) == 0)
            {
                lock (bell)
                {
                    while (!rung)
                    {
                        Monitor.Wait(bell);
                    }

                    rung = false;
                }
            }
        }
    }
}
