namespace TrainTools.Core.Cleaning.Pipeline;

/// <summary>Does work on several threads and hands the results over in order: what comes out never depends on their number.</summary>
internal static class OrderedParallel
{
    private const int BatchItems = 256;
    private const long BatchSize = 1 << 20;

    /// <summary>Runs work over a stream.</summary>
    /// <param name="source">Read on the calling thread.</param>
    /// <param name="size">Size of an item, so that batches of large items stay small.</param>
    /// <param name="work">Done on any thread.</param>
    /// <param name="commit">Done on the calling thread, in the order of the source.</param>
    /// <param name="threads">Threads that work; 1 = the calling one.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static void Run<TItem, TResult>(
        IEnumerable<TItem> source, Func<TItem, long> size, Func<TItem, TResult> work, Action<TResult> commit, int threads, CancellationToken cancellationToken)
    {
        if (threads == 1)
        {
            foreach (var item in source)
            {
                cancellationToken.ThrowIfCancellationRequested();
                commit(work(item));
            }

            return;
        }

        var running = new Queue<Task<TResult[]>>();
        try
        {
            foreach (var batch in Batches(source, size))
            {
                cancellationToken.ThrowIfCancellationRequested();
                running.Enqueue(Task.Run(() => Array.ConvertAll(batch, item => work(item)), CancellationToken.None));
                while (running.Count > threads && (running.Count > 2 * threads || running.Peek().IsCompleted))
                {
                    Array.ForEach(running.Dequeue().GetAwaiter().GetResult(), commit);
                }
            }

            while (running.TryDequeue(out var task))
            {
                Array.ForEach(task.GetAwaiter().GetResult(), commit);
            }
        }
        finally
        {
            // Whatever went wrong, no work goes on behind the caller's back.
            Task.WhenAll(running).ContinueWith(_ => { }, TaskScheduler.Default).GetAwaiter().GetResult();
        }
    }

    private static IEnumerable<TItem[]> Batches<TItem>(IEnumerable<TItem> source, Func<TItem, long> size)
    {
        var batch = new List<TItem>(BatchItems);
        long bytes = 0;
        foreach (var item in source)
        {
            batch.Add(item);
            bytes += size(item);
            if (batch.Count == BatchItems || bytes >= BatchSize)
            {
                yield return batch.ToArray();
                batch.Clear();
                bytes = 0;
            }
        }

        if (batch.Count > 0)
        {
            yield return batch.ToArray();
        }
    }
}
