namespace TrainTools.Core.Diagnostics.Causes;

/// <summary>Too few rows a step.</summary>
internal sealed class BatchTooSmall : ICause
{
    public string Id => CauseIds.BatchTooSmall;

    public string Title => "Too few rows a step";

    public CauseOpinion? Consider(CauseContext context)
    {
        var rows = context.Facts.RowsPerStep;
        if (rows >= 64)
        {
            return null;
        }

        var target = Math.Max(2, Math.Min(64, rows is { } r ? 4 * r : 16));
        var accumulation = context.Facts.Accumulation ?? 1;
        var factor = rows is { } have ? (int)Math.Ceiling((double)target / have) : 4;
        return new CauseOpinion(
            context.Has(Symptoms.BatchTooSmall) ? 0.8 : rows switch { <= 4 => 0.7, <= 8 => 0.4, null => 0.3, _ => 0.15 },
            rows is { } n ? $"A step's loss and gradient are means over {n} rows." : "A mean over few rows is a poor one.",
            context.Change($"Accumulate {factor} times as many micro-batches a step.", ("gradient_accumulation_steps", accumulation * factor)) with { IsSafe = true });
    }
}

/// <summary>Batch normalisation over small batches.</summary>
internal sealed class BatchNormSmallBatch : ICause
{
    public string Id => CauseIds.BatchNormSmallBatch;

    public string Title => "Batch normalisation over small batches";

    public CauseOpinion? Consider(CauseContext context) => !context.Facts.HasBatchNorm ? null : new CauseOpinion(
        0.6, "The model has batch normalisation, whose statistics are taken over the micro-batch.", CauseContext.Do("Freeze the running statistics, or raise per_device_train_batch_size: accumulation does not help here."));
}

/// <summary>Rows differ much in length.</summary>
internal sealed class LongRows : ICause
{
    public string Id => CauseIds.LongRows;

    public string Title => "Some rows are much longer than others";

    public CauseOpinion? Consider(CauseContext context)
    {
        var tokens = context.RecentSteps(200).Select(s => (double)s.NumInputTokens).Where(t => t > 0).ToArray();
        if (tokens.Length < 10)
        {
            return null;
        }

        var (high, middle) = (RobustStatistics.Quantile(tokens, 0.95), RobustStatistics.Median(tokens));
        return new CauseOpinion(high > 3 * middle ? 0.6 : 0.1, $"Half the steps have fewer than {Figure.Of(middle)} tokens, one in twenty more than {Figure.Of(high)}.", context.Change("Pack short rows together.", ("packing", true)));
    }
}
