using System.Globalization;
using TrainTools.Core.Files;

namespace TrainTools.Core.Runs;

/// <summary>
/// metrics.csv: the figures of metrics.jsonl as a table, one row a logged step and one an evaluation, columns that do not
/// apply left empty. Numbers are written so that reading them gives the same double; non-finite ones as NaN and Infinity.
/// </summary>
public sealed class MetricsCsv : IDisposable
{
    private static readonly string[] StepColumns =
        ["loss", "grad_norm", "learning_rate", "num_input_tokens", "num_supervised_tokens", "step_seconds", "mean_token_accuracy", "clipped", "resident_bytes"];

    private static readonly string[] EvaluationColumns =
        ["eval_loss", "eval_loss_example_weighted", "eval_perplexity", "eval_mean_token_accuracy", "eval_num_tokens", "eval_runtime", "eval_samples_per_second"];

    private readonly FileStream stream;

    private MetricsCsv(FileStream stream) => this.stream = stream;

    private static string Header => string.Join(',', (string[])["step", "epoch", .. StepColumns, .. EvaluationColumns]);

    /// <summary>Opens the table for a run that goes on after a step (0: a new run); rows of later steps are removed first.</summary>
    public static MetricsCsv Open(string path, int lastStep)
    {
        var kept = File.Exists(path)
            ? File.ReadLines(path).Skip(1).Where(l => int.TryParse(l.AsSpan(0, Math.Max(0, l.IndexOf(','))), NumberStyles.None, CultureInfo.InvariantCulture, out var step) && step <= lastStep).ToList()
            : [];
        AtomicFile.WriteText(path, string.Concat(kept.Prepend(Header).Select(l => l + "\n")));
        return new MetricsCsv(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete));
    }

    /// <summary>Appends a step.</summary>
    public void Append(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Write(
        [
            Text(step.Step), Text(step.Epoch), Text(step.Loss), Text(step.GradNorm), Text(step.LearningRate), Text(step.NumInputTokens), Text(step.NumSupervisedTokens),
            Text(step.StepSeconds), Text(step.MeanTokenAccuracy), step.Clipped ? "1" : "0", Text(step.ResidentBytes), .. EvaluationColumns.Select(_ => ""),
        ]);
    }

    /// <summary>Appends an evaluation.</summary>
    public void Append(EvaluationResult evaluation)
    {
        ArgumentNullException.ThrowIfNull(evaluation);
        Write(
        [
            Text(evaluation.Step), Text(evaluation.Epoch), .. StepColumns.Select(_ => ""),
            .. EvaluationColumns.Select(c => evaluation.Metrics.TryGetValue(c, out var value) ? Text(value) : ""),
        ]);
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private static string Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "";

    private void Write(string[] cells)
    {
        stream.Write(System.Text.Encoding.UTF8.GetBytes(string.Join(',', cells) + "\n"));
        stream.Flush();
    }
}
