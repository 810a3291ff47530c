using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TrainTools.Core.Samples;
using TrainTools.Core.Training;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Makes the batches of the steps ahead of the loop, on a thread of its own. Arrays only: tensors are the loop's matter,
/// since TorchSharp's scopes belong to a thread.
/// </summary>
public sealed class BatchSource : IDisposable
{
    private const int Ahead = 4;
    private readonly BlockingCollection<StepBatches> queue = new(Ahead);
    private readonly CancellationTokenSource ended = new();
    private readonly Thread thread;
    private ExceptionDispatchInfo? failure;

    /// <summary>Starts at a step.</summary>
    /// <param name="samples">The rows.</param>
    /// <param name="plan">The arithmetic of steps.</param>
    /// <param name="order">The order of rows.</param>
    /// <param name="collator">Makes batches.</param>
    /// <param name="firstStep">0-based step to start with.</param>
    /// <param name="microBatch">Most rows a batch; null = the plan's.</param>
    public BatchSource(IReadOnlyList<TrainingSample> samples, StepPlan plan, RowOrder order, SampleCollator collator, int firstStep = 0, int? microBatch = null)
    {
        thread = new Thread(() =>
        {
            try
            {
                foreach (var step in Steps(samples, plan, order, collator, firstStep, microBatch))
                {
                    queue.Add(step, ended.Token);
                }
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                queue.CompleteAdding();
            }
        })
        {
            IsBackground = true,
            Name = "batches",
        };
        thread.Start();
    }

    /// <summary>Seconds that the loop waited for the step it got last.</summary>
    public double WaitedSeconds { get; private set; }

    /// <summary>The steps in order. What went wrong on the other thread is thrown here.</summary>
    public IEnumerable<StepBatches> Steps()
    {
        var asked = Stopwatch.GetTimestamp();
        foreach (var step in queue.GetConsumingEnumerable())
        {
            WaitedSeconds = Stopwatch.GetElapsedTime(asked).TotalSeconds;
            yield return step;
            asked = Stopwatch.GetTimestamp();
        }

        failure?.Throw();
    }

    /// <summary>The steps of a plan, made as they are asked for. A step's rows do not depend on how many of them make a batch.</summary>
    private static IEnumerable<StepBatches> Steps(
        IReadOnlyList<TrainingSample> samples, StepPlan plan, RowOrder order, SampleCollator collator, int firstStep, int? microBatch)
    {
        int[] rows = [];
        var epoch = -1;
        for (var step = firstStep; step < plan.MaxSteps; step++)
        {
            var window = plan.Window(step);
            if (window.Epoch != epoch)
            {
                epoch = window.Epoch;
                rows = order.Epoch(epoch);
            }

            yield return new StepBatches(step, [.. Enumerable.Range(window.FirstBatch, window.Batches).SelectMany(batch =>
            {
                var (first, count) = plan.BatchRows(batch);
                return rows[first..(first + count)].Chunk(microBatch ?? count).Select(part => collator.Collate([.. part.Select(row => samples[row])]));
            })]);
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        ended.Cancel();
        thread.Join();
        queue.Dispose();
        ended.Dispose();
    }
}
