using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Hosting;

namespace TrainTools.Trainer.Training;

/// <summary>What a run does when memory runs out: smaller batches of the same rows, or an error that says which.</summary>
internal sealed class MemoryLimit
{
    private StepBatches? tried;

    /// <summary>Most rows a batch; null = as configured.</summary>
    public int? MicroBatch { get; private set; }

    /// <summary>Continues with the batches that a checkpoint's run had come down to.</summary>
    public void Restore(int? microBatch) => MicroBatch = microBatch;

    /// <summary>Whether an exception means that memory ran out (and is not the error made of it already).</summary>
    public static bool RanOut(Exception exception) => exception is not TrainToolsException && TorchErrors.Translate(exception).ErrorId == ErrorIds.OutOfMemory;

    /// <summary>The error of an evaluation that does not fit.</summary>
    public static TrainToolsException InEvaluation(Exception exception, int batchSize) => new(
        ErrorIds.OutOfMemory, ErrorKind.ResourceUnavailable,
        $"Memory ran out in the evaluation, with {batchSize} rows a batch.",
        batchSize > 1 ? $"Set per_device_eval_batch_size to {(batchSize + 1) / 2}, or set auto_find_batch_size." : "Lower max_length.",
        inner: exception);

    /// <summary>Notes what is tried next.</summary>
    public void Watch(StepBatches window) => tried = window;

    /// <summary>The shortage as the diagnosis takes it.</summary>
    /// <param name="stepsDone">Steps done before.</param>
    /// <param name="mayHalve">Whether the run may go on with smaller batches.</param>
    /// <param name="parts">What of a batch is computed at a time.</param>
    public MemoryShortage Shortage(int stepsDone, bool mayHalve, Func<SampleBatch, IReadOnlyList<SampleBatch>> parts)
    {
        var largest = tried!.Batches.SelectMany(parts).MaxBy(b => b.InputIds.Length)!;
        var columns = largest.DocumentLengths?.Max() ?? largest.Columns;
        return new MemoryShortage(stepsDone + 1, tried.Batches.Max(b => b.SampleCount), columns, InEvaluation: false, mayHalve && largest.SampleCount > 1) { RowsAtATime = largest.SampleCount };
    }

    /// <summary>Halves the batches and says so.</summary>
    /// <exception cref="TrainToolsException">They may not be halved, or cannot: says what to change and by how much.</exception>
    public string Answer(Exception exception, MemoryShortage shortage, TrainingConfig config)
    {
        var full = config.Method.FinetuningType == TrainingMethod.Full;
        var keeps = !config.Batch.GradientCheckpointing;
        var (rows, part, half, times) = (shortage.Rows, shortage.RowsAtATime, shortage.Half, shortage.Factor);
        if (shortage.GoesOn)
        {
            MicroBatch = half;

            // What the failed pass had kept for its backward pass goes with the objects that hold it.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return $"Memory ran out at step {shortage.Step} with {rows} rows a batch: the run goes on with {Counted(half)} a batch and {(times == 2 ? "twice" : $"{times} times")} the accumulation, which gives the same steps.";
        }

        throw new TrainToolsException(
            ErrorIds.OutOfMemory, ErrorKind.ResourceUnavailable,
            $"Memory ran out at step {shortage.Step}, in a batch of {Counted(rows)} of up to {shortage.Columns} tokens{(part < rows ? $", {part} at a time" : string.Empty)}.",
            part > 1
                ? $"Set per_device_train_batch_size to {half} and multiply gradient_accumulation_steps by {times} (the same steps), or set auto_find_batch_size{(keeps ? "; gradient_checkpointing takes less memory too" : string.Empty)}."
                : $"{(keeps ? "Turn gradient_checkpointing on, or lower" : "Lower")} max_length{(full ? ", or train adapters (finetuning_type: lora)" : string.Empty)}.",
            inner: exception);
    }

    private static string Counted(int rows) => rows == 1 ? "1 row" : $"{rows} rows";
}
