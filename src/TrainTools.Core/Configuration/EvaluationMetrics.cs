namespace TrainTools.Core.Configuration;

/// <summary>What evaluations measure, by task: the closed set behind metric_for_best_model.</summary>
public static class EvaluationMetrics
{
    private static readonly string[] Language = ["eval_loss", "eval_loss_example_weighted", "eval_perplexity", "eval_mean_token_accuracy"];

    private static readonly string[] Labels =
    [
        "eval_loss", "eval_accuracy", "eval_f1", "eval_f1_macro", "eval_f1_micro", "eval_f1_weighted", "eval_precision", "eval_recall",
        "eval_matthews_correlation", "eval_mse", "eval_spearman",
    ];

    private static readonly string[] Tags = ["eval_loss", "eval_accuracy", "eval_f1", "eval_precision", "eval_recall"];

    /// <summary>The metrics of a task, as the logs name them.</summary>
    public static IReadOnlyList<string> Of(TaskType task) => task switch
    {
        TaskType.SequenceClassification => Labels,
        TaskType.TokenClassification => Tags,
        _ => Language,
    };

    /// <summary>The metrics of all tasks.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Language.Concat(Labels).Concat(Tags).Distinct(StringComparer.Ordinal)];
}
