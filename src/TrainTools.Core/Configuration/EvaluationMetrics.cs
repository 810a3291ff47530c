namespace TrainTools.Core.Configuration;

/// <summary>
/// What evaluations measure, by task, under the names of transformers' scripts and of seqeval: what metric_for_best_model can
/// be. Beside these each class, and in tagging each type of entity, has eval_NAME_f1, eval_NAME_precision and eval_NAME_recall.
/// </summary>
public static class EvaluationMetrics
{
    private static readonly string[] Language = ["eval_loss", "eval_loss_example_weighted", "eval_perplexity", "eval_mean_token_accuracy"];

    private static readonly string[] Labels =
    [
        "eval_loss", "eval_accuracy", "eval_loss_example_weighted", "eval_f1", "eval_f1_macro", "eval_f1_micro", "eval_f1_weighted", "eval_precision", "eval_precision_macro",
        "eval_precision_micro", "eval_precision_weighted", "eval_recall", "eval_recall_macro", "eval_recall_micro", "eval_recall_weighted",
        "eval_matthews_correlation", "eval_f1_samples", "eval_hamming_loss", "eval_mse", "eval_rmse", "eval_mae", "eval_r2", "eval_pearson", "eval_spearmanr",
    ];

    private static readonly string[] Tags =
    [
        "eval_loss", "eval_accuracy", "eval_loss_example_weighted", "eval_f1", "eval_precision", "eval_recall", "eval_f1_macro", "eval_precision_macro", "eval_recall_macro",
        "eval_f1_weighted", "eval_precision_weighted", "eval_recall_weighted",
    ];

    /// <summary>The metrics of a task, as the logs name them.</summary>
    public static IReadOnlyList<string> Of(TaskType task) => task switch
    {
        TaskType.SequenceClassification => Labels,
        TaskType.TokenClassification => Tags,
        _ => Language,
    };

    /// <summary>Whether a metric can be one of a task's: listed, or of a class.</summary>
    public static bool IsOf(TaskType task, string metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return Of(task).Contains(metric)
            || (task is TaskType.SequenceClassification or TaskType.TokenClassification && metric.StartsWith("eval_", StringComparison.Ordinal)
                && (metric.EndsWith("_f1", StringComparison.Ordinal) || metric.EndsWith("_precision", StringComparison.Ordinal) || metric.EndsWith("_recall", StringComparison.Ordinal)));
    }

    /// <summary>The metrics of all tasks.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Language.Concat(Labels).Concat(Tags).Distinct(StringComparer.Ordinal)];
}
