using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using TorchSharp;

namespace TrainTools.Trainer.Backend;

/// <summary>
/// Loops of kernels written here on the threads that libtorch's operators run on. Those threads go on looking for work for a
/// while after each operator: other threads would have to share the processors with them, so a kernel between two operators
/// gains nothing from threads of its own. On Linux, where libtorch comes with GNU's OpenMP; elsewhere a loop runs on the caller's thread.
/// </summary>
internal static unsafe class OperatorThreads
{
    // void GOMP_parallel(void (*fn)(void *), void *data, unsigned num_threads, unsigned flags), libgomp's interface to compilers.
    private static delegate* unmanaged[Cdecl]<nint, nint, uint, uint, void> parallel;

    [ThreadStatic]
    private static bool inside;

    /// <summary>Whether there are such threads here.</summary>
    public static bool Available => parallel is not null;

    /// <summary>Looks for the OpenMP that libtorch has loaded; without exactly one there are no such threads.</summary>
    public static void Install()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        string[] loaded =
        [
            .. File.ReadLines("/proc/self/maps").Select(l => l.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w.Length == 6 && Path.GetFileName(w[5]).StartsWith("libgomp", StringComparison.Ordinal)).Select(w => w[5]).Distinct(),
        ];
        if (loaded.Length == 1 && NativeLibrary.TryLoad(loaded[0], out var library) && NativeLibrary.TryGetExport(library, "GOMP_parallel", out var entry))
        {
            parallel = (delegate* unmanaged[Cdecl]<nint, nint, uint, uint, void>)entry;
        }
    }

    /// <summary>
    /// Does tasks 0..<paramref name="tasks"/> - 1 and returns when all are done. Which thread takes which task differs from run
    /// to run: a task must not depend on that. What a task throws is thrown here.
    /// </summary>
    public static void For(int tasks, Action<int> task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var threads = parallel is null || inside || tasks < 2 ? 1 : torch.get_num_threads();
        if (threads < 2)
        {
            for (var i = 0; i < tasks; i++)
            {
                task(i);
            }

            return;
        }

        // All of libtorch's threads, however few tasks there are: a team of another size would have to be set up.
        var loop = new Loop(tasks, task);
        var handle = GCHandle.Alloc(loop);
        try
        {
            parallel((nint)(delegate* unmanaged[Cdecl]<nint, void>)&Work, GCHandle.ToIntPtr(handle), (uint)threads, 0);
        }
        finally
        {
            handle.Free();
        }

        loop.Failure?.Throw();
    }

    /// <summary>The same of numbers 0..<paramref name="count"/> - 1 in pieces of a size.</summary>
    /// <param name="count">Numbers.</param>
    /// <param name="size">Numbers of a piece.</param>
    /// <param name="piece">Given the first number of a piece and how many it has.</param>
    public static void ForPieces(long count, int size, Action<long, int> piece)
    {
        ArgumentNullException.ThrowIfNull(piece);
        For((int)((count + size - 1) / size), i => piece((long)i * size, (int)Math.Min(size, count - ((long)i * size))));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Work(nint loop) => ((Loop)GCHandle.FromIntPtr(loop).Target!).Work();

    private sealed class Loop(int tasks, Action<int> task)
    {
        private int next;

        public ExceptionDispatchInfo? Failure { get; private set; }

        public void Work()
        {
            inside = true;
            try
            {
                for (var i = Interlocked.Increment(ref next) - 1; i < tasks; i = Interlocked.Increment(ref next) - 1)
                {
                    task(i);
                }
            }
#pragma warning disable CA1031 // Every exception: native code lies in between.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Failure = ExceptionDispatchInfo.Capture(e);
            }

            inside = false;
        }
    }
}
