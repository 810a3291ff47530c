using TrainTools.Core.Errors;

namespace TrainTools.Core.Training;

/// <summary>What one optimizer step is made of.</summary>
/// <param name="Epoch">0-based epoch.</param>
/// <param name="FirstBatch">0-based number of the step's first micro-batch within the epoch.</param>
/// <param name="Batches">Micro-batches of the step: the accumulation, or what is left at the epoch's end.</param>
public readonly record struct StepWindow(int Epoch, int FirstBatch, int Batches);

/// <summary>
/// The arithmetic of steps and epochs, as transformers' Trainer does it: an epoch's last window holds what is left and is
/// a full step. Everything here is a pure function of the step, so a resumed run continues at any of them.
/// </summary>
public sealed record StepPlan
{
    private StepPlan()
    {
    }

    /// <summary>Rows (samples after packing) an epoch.</summary>
    public int Rows { get; private init; }

    /// <summary>Rows a micro-batch.</summary>
    public int BatchSize { get; private init; }

    /// <summary>Micro-batches a step.</summary>
    public int Accumulation { get; private init; }

    /// <summary>Micro-batches an epoch.</summary>
    public int BatchesPerEpoch { get; private init; }

    /// <summary>Optimizer steps an epoch.</summary>
    public int UpdatesPerEpoch { get; private init; }

    /// <summary>Optimizer steps of the run.</summary>
    public int MaxSteps { get; private init; }

    /// <summary>Epochs begun by the end of the run.</summary>
    public int Epochs { get; private init; }

    /// <summary>Works it out.</summary>
    /// <param name="rows">Rows an epoch; at least 1.</param>
    /// <param name="batchSize">Rows a micro-batch.</param>
    /// <param name="accumulation">Micro-batches a step.</param>
    /// <param name="epochs">Passes over the rows; a fraction is allowed.</param>
    /// <param name="maxSteps">Overrides the epochs where it is above 0.</param>
    /// <param name="dropLast">Whether an incomplete last micro-batch is left out.</param>
    public static StepPlan Create(int rows, int batchSize, int accumulation, double epochs, int? maxSteps = null, bool dropLast = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(accumulation, 1);
        var batches = dropLast ? rows / batchSize : (rows + batchSize - 1) / batchSize;
        if (batches == 0)
        {
            throw new TrainToolsException(
                ErrorIds.DatasetEmpty,
                ErrorKind.InvalidData,
                rows == 0 ? "There is no row to train on." : $"{rows} rows do not fill one batch of {batchSize}, and incomplete batches are dropped.",
                "Add data, or look at why rows were dropped.");
        }

        var updates = Math.Max(1, (batches / accumulation) + (batches % accumulation > 0 ? 1 : 0));
        var overridden = maxSteps is > 0;
        var steps = overridden ? maxSteps!.Value : (int)Math.Ceiling(epochs * updates);
        return new StepPlan
        {
            Rows = rows,
            BatchSize = batchSize,
            Accumulation = accumulation,
            BatchesPerEpoch = batches,
            UpdatesPerEpoch = updates,
            MaxSteps = steps,
            Epochs = overridden ? (steps + updates - 1) / updates : (int)Math.Ceiling(epochs),
        };
    }

    /// <summary>The micro-batches of a step.</summary>
    /// <param name="step">0-based step.</param>
    public StepWindow Window(int step)
    {
        var epoch = step / UpdatesPerEpoch;
        var first = step % UpdatesPerEpoch * Accumulation;
        return new StepWindow(epoch, first, Math.Min(Accumulation, BatchesPerEpoch - first));
    }

    /// <summary>Rows of a micro-batch: the first one's place in the epoch's order and how many.</summary>
    public (int First, int Count) BatchRows(int batch)
    {
        var first = batch * BatchSize;
        return (first, Math.Min(BatchSize, Rows - first));
    }

    /// <summary>Epochs done after a number of steps, as a fraction.</summary>
    /// <param name="stepsDone">Steps done.</param>
    public double EpochsDone(int stepsDone)
    {
        if (stepsDone == 0)
        {
            return 0;
        }

        var window = Window(stepsDone - 1);
        return window.Epoch + ((double)(window.FirstBatch + window.Batches) / BatchesPerEpoch);
    }

    /// <summary>Whether a step is the last of its epoch.</summary>
    /// <param name="stepsDone">1-based step.</param>
    public bool EndsEpoch(int stepsDone) => stepsDone > 0 && (stepsDone % UpdatesPerEpoch == 0 || stepsDone == MaxSteps);

    /// <summary>An interval in steps: below 1 a share of the run, rounded up; else the number itself; at least 1.</summary>
    public int Interval(double value) => Math.Max(1, value < 1 ? (int)Math.Ceiling(MaxSteps * value) : (int)value);
}
