using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Diagnostics;

/// <summary>What is known about a run besides its curves. Null: not known (the log of another tool does not tell).</summary>
public sealed record RunFacts
{
    /// <summary>The run's settings; null for another tool's log.</summary>
    public TrainingConfig? Config { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Optimizer steps an epoch.</summary>
    public double? StepsPerEpoch { get; init; }

    /// <summary>Training rows an epoch.</summary>
    public int? Samples { get; init; }

    /// <summary>Steps of warm-up.</summary>
    public int? WarmupSteps { get; init; }

    /// <summary>Peak learning rate.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Largest gradient norm that is let through; 0 = no clipping.</summary>
    public double? MaxGradNorm { get; init; }

    /// <summary>Rows a micro-batch.</summary>
    public int? MicroBatchRows { get; init; }

    /// <summary>Micro-batches a step.</summary>
    public int? Accumulation { get; init; }

    /// <summary>Classes a prediction chooses from: the vocabulary or the labels.</summary>
    public int? Classes { get; init; }

    /// <summary>
    /// Entropy in nats of the targets without their inputs: what a model reaches that learns nothing but frequencies.
    /// </summary>
    public double? TargetEntropy { get; init; }

    /// <summary>What is learnt.</summary>
    public TaskType? Task { get; init; }

    /// <summary>Adapters or everything.</summary>
    public TrainingMethod? Method { get; init; }

    /// <summary>Number format of the computation.</summary>
    public Precision? Precision { get; init; }

    /// <summary>Highest dropout in the model.</summary>
    public double? Dropout { get; init; }

    /// <summary>Trainable parameters.</summary>
    public long? TrainableParameters { get; init; }

    /// <summary>All parameters.</summary>
    public long? TotalParameters { get; init; }

    /// <summary>Whether records are shuffled each epoch.</summary>
    public bool? Shuffled { get; init; }

    /// <summary>Whether easy records come first.</summary>
    public bool Curriculum { get; init; }

    /// <summary>Whether the learning rate is meant to rise again after it fell (restarts).</summary>
    public bool Restarts { get; init; }

    /// <summary>Whether the model has batch normalisation, whose statistics suffer in small batches.</summary>
    public bool HasBatchNorm { get; init; }

    /// <summary>Whether every step has a gradient norm; false for logs that lack it.</summary>
    public bool HasGradNorm { get; init; } = true;

    /// <summary>Whether every step has a learning rate; false for logs that lack it.</summary>
    public bool HasLearningRate { get; init; } = true;

    /// <summary>Documents of each evaluation: the fewer, the further its loss may lie from the training rows' by the choice of them.</summary>
    public int? EvaluationRows { get; init; }

    /// <summary>Rows of the record that has most: windows of a long text, pieces that packing parted; null = each record has one.</summary>
    public int? MostRowsOfRecord { get; init; }

    /// <summary>Share of validation rows that are training rows too, token for token.</summary>
    public double? EvaluationOverlap { get; init; }

    /// <summary>Share of the training records in which no label is left after preparation.</summary>
    public double? RecordsWithoutLabels { get; init; }

    /// <summary>Rows an optimizer step; null where it is not known.</summary>
    public int? RowsPerStep => MicroBatchRows * (Accumulation ?? 1);

    /// <summary>What a resolved configuration and the trainer's first event tell.</summary>
    public static RunFacts From(TrainingConfig config, RunStarted? started = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        var schedule = config.Schedule;
        var steps = started?.MaxSteps ?? config.Duration.MaxSteps;
        return new RunFacts
        {
            Config = config,
            MaxSteps = steps,
            StepsPerEpoch = started is { NumTrainEpochs: > 0 } ? started.MaxSteps / started.NumTrainEpochs : null,
            Samples = started?.Samples,
            WarmupSteps = schedule.LrSchedulerType == LrSchedulerType.Constant ? 0
                : schedule.WarmupSteps ?? (schedule.WarmupRatio is { } ratio && steps is { } all ? (int)Math.Ceiling(ratio * all) : null),
            LearningRate = config.Optimization.LearningRate,
            MaxGradNorm = config.Optimization.MaxGradNorm,
            MicroBatchRows = config.Batch.PerDeviceTrainBatchSize,
            Accumulation = config.Batch.GradientAccumulationSteps,
            Task = config.Task.TaskType,
            Method = config.Method.FinetuningType,
            Precision = config.Runtime.Precision,
            Dropout = new[] { config.Model.AttentionDropout, config.Model.HiddenDropout, config.Model.ClassifierDropout }.Max(),
            TrainableParameters = started?.TrainableParameters,
            TotalParameters = started?.TotalParameters,
            Shuffled = config.Data.Shuffle,
            Curriculum = config.Data.Curriculum,
            Restarts = schedule.LrSchedulerType == LrSchedulerType.CosineWithRestarts,
        };
    }
}
