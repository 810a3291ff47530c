using TrainTools.Core.Training;

namespace TrainTools.Core.Configuration;

/// <summary>Rows, steps and tokens of a run before it starts.</summary>
public sealed record RunOutline
{
    // English text has about four bytes a token, and JSON adds names and quotes.
    private const double BytesPerToken = 4.5;

    /// <summary>Training records an epoch, what is held out for validation left out.</summary>
    public required long Records { get; init; }

    /// <summary>Rows an epoch: records, or packs of them.</summary>
    public required int Rows { get; init; }

    /// <summary>Rows an optimizer step.</summary>
    public required int EffectiveBatch { get; init; }

    /// <summary>Steps and epochs.</summary>
    public required StepPlan Plan { get; init; }

    /// <summary>Tokens an epoch.</summary>
    public required double TokensPerEpoch { get; init; }

    /// <summary>Whether tokens (and packed rows) are reckoned from the file's size instead of tokenized records.</summary>
    public bool IsRough { get; init; }

    /// <summary>Epochs of the run, as a fraction.</summary>
    public double Epochs => (double)Plan.MaxSteps / Plan.UpdatesPerEpoch;

    /// <summary>Warm-up in steps.</summary>
    public required int WarmupSteps { get; init; }

    /// <summary>Evaluations of the run; 0 if there is none.</summary>
    public required int Evaluations { get; init; }

    /// <summary>Works it out.</summary>
    /// <param name="config">A resolved config.</param>
    /// <param name="data">The training data; null or without a number of records gives null, except that max_steps alone is enough for the steps.</param>
    /// <returns>The outline; null where there is nothing to reckon with, or no record to train on.</returns>
    public static RunOutline? Create(TrainingConfig config, DataFacts? data)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (data?.Records is not { } all || config.Batch is not { PerDeviceTrainBatchSize: >= 1 and var micro, GradientAccumulationSteps: >= 1 and var accumulation })
        {
            return null;
        }

        var split = config.Data.ValidationPath.Count == 0 ? config.Data.ValidationSplit ?? 0 : 0;
        var records = all - (long)Math.Ceiling(all * split);
        if (records < 1)
        {
            return null;
        }

        var maxLength = config.Data.MaxLength ?? 1024;
        var mean = data.MeanTokens ?? Math.Max(1, data.Bytes / BytesPerToken / all);
        var packed = config.Data.Packing == true;
        // Only bfd and plain rows cut the overflow of long records off.
        var whole = packed && config.Data.PackingStrategy != PackingStrategy.Bfd;
        var kept = whole ? mean : data.Lengths.Count > 0 ? data.Lengths.Average(l => Math.Min(l, maxLength)) : Math.Min(mean, maxLength);
        var rows = packed ? Math.Max(1, Math.Ceiling(records * kept / maxLength)) : records;
        var plan = StepPlan.Create((int)Math.Min(rows, int.MaxValue / 2), micro, accumulation, config.Duration.NumTrainEpochs ?? 1, config.Duration.MaxSteps);
        return new RunOutline
        {
            Records = records,
            Rows = plan.Rows,
            EffectiveBatch = (int)Math.Min((long)micro * accumulation, int.MaxValue),
            Plan = plan,
            TokensPerEpoch = records * kept,
            IsRough = data.MeanTokens is null,
            WarmupSteps = config.Schedule.WarmupSteps ?? (int)Math.Ceiling(plan.MaxSteps * (config.Schedule.WarmupRatio ?? 0)),
            Evaluations = config.Evaluation.EvalStrategy switch
            {
                IntervalStrategy.Epoch => plan.Epochs,
                IntervalStrategy.Steps => plan.MaxSteps / plan.Interval(config.Evaluation.EvalSteps ?? 0.1),
                _ => 0,
            },
        };
    }
}
