namespace TrainTools.Core.Runs;

/// <summary>Everything a run writes down as it goes: metrics.jsonl, metrics.csv and, where asked for, TensorBoard events.</summary>
public sealed class RunLogs : IDisposable
{
    private readonly MetricsLog lines;
    private readonly MetricsCsv table;
    private readonly TensorBoardLog? board;

    /// <summary>Opens the logs of a run that goes on after a step (0: a new run).</summary>
    public RunLogs(RunFolder folder, int lastStep, bool tensorBoard)
    {
        ArgumentNullException.ThrowIfNull(folder);
        lines = MetricsLog.Open(folder.MetricsPath, lastStep);
        table = MetricsCsv.Open(folder.MetricsCsvPath, lastStep);
        board = tensorBoard ? TensorBoardLog.Create(folder.Path) : null;
    }

    /// <summary>Appends a step.</summary>
    public void Append(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        lines.Append(step);
        table.Append(step);
        board?.Append(step.Step,
        [
            new("train/loss", step.Loss),
            new("train/grad_norm", step.GradNorm),
            new("train/learning_rate", step.LearningRate),
            new("train/epoch", step.Epoch),
            new("train/mean_token_accuracy", step.MeanTokenAccuracy ?? double.NaN),
            new("train/tokens_per_second", step.NumInputTokens / Math.Max(step.StepSeconds, 1e-9)),
        ]);
    }

    /// <summary>Appends an evaluation.</summary>
    public void Append(EvaluationResult evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        lines.Append(evaluation);
        table.Append(evaluation);
        board?.Append(evaluation.Step, evaluation.Metrics.Select(m => new KeyValuePair<string, double>(m.Key.StartsWith("eval_", StringComparison.Ordinal) ? "eval/" + m.Key[5..] : "eval/" + m.Key, m.Value)));
    }

    /// <summary>Appends the summary.</summary>
    public void Append(RunResult result) => lines.Append(result);

    /// <summary>Brings the lines to the disk; called before a checkpoint that refers to them is made valid, from any thread.</summary>
    public void Flush() => lines.Flush();

    /// <inheritdoc/>
    public void Dispose()
    {
        lines.Dispose();
        table.Dispose();
        board?.Dispose();
    }
}
