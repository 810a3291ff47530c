using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Configuration;

/// <summary>
/// What evaluations measure, by task, under the names of transformers' scripts and of seqeval: what metric_for_best_model can
/// be. Beside these each class, and in tagging each type of entity, has eval_NAME_f1, eval_NAME_precision and eval_NAME_recall.
/// </summary>
public static class EvaluationMetrics
{
    private static readonly string[] Loss = ["eval_loss", "eval_loss_example_weighted"];

    private static readonly string[] Language = [.. Loss, "eval_perplexity", "eval_mean_token_accuracy"];

    private static readonly string[] Tags =
    [
        .. Loss, "eval_accuracy", "eval_f1", "eval_precision", "eval_recall", "eval_f1_macro", "eval_precision_macro", "eval_recall_macro",
        "eval_f1_weighted", "eval_precision_weighted", "eval_recall_weighted",
    ];

    private static readonly string[] Classes = [.. Tags, "eval_f1_micro", "eval_precision_micro", "eval_recall_micro"];

    private static readonly string[] SingleLabel = [.. Classes, "eval_matthews_correlation"];

    private static readonly string[] SeveralLabels = [.. Classes, "eval_f1_samples", "eval_hamming_loss"];

    private static readonly string[] Values = [.. Loss, "eval_mse", "eval_rmse", "eval_mae", "eval_r2", "eval_pearson", "eval_spearmanr"];

    private static readonly string[] OfAClass = ["_f1", "_precision", "_recall"];

    /// <summary>The metrics of all tasks.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Language.Concat(SingleLabel).Concat(SeveralLabels).Concat(Values).Distinct(StringComparer.Ordinal)];

    /// <summary>The metrics of a task, as the logs name them.</summary>
    /// <param name="task">The task.</param>
    /// <param name="problem">What labels of texts are; null = not known, or the task has none.</param>
    public static IReadOnlyList<string> Of(TaskType task, ProblemType? problem = null) => (task, problem) switch
    {
        (TaskType.TokenClassification, _) => Tags,
        (TaskType.SequenceClassification, ProblemType.SingleLabelClassification) => SingleLabel,
        (TaskType.SequenceClassification, ProblemType.MultiLabelClassification) => SeveralLabels,
        (TaskType.SequenceClassification, ProblemType.Regression) => Values,
        (TaskType.SequenceClassification, _) => [.. SingleLabel.Concat(SeveralLabels).Concat(Values).Distinct(StringComparer.Ordinal)],
        _ => Language,
    };

    /// <summary>Whether a metric, with or without its eval_, is one of a task's: listed, or of a class.</summary>
    /// <param name="task">The task.</param>
    /// <param name="metric">The metric.</param>
    /// <param name="problem">What labels of texts are; null = not known.</param>
    /// <param name="labels">The labels, or the tags of tagging; null = not known, so that any name may be a class.</param>
    public static bool IsOf(TaskType task, string metric, ProblemType? problem = null, IReadOnlyList<string>? labels = null)
    {
        ArgumentNullException.ThrowIfNull(metric);
        var known = Of(task, problem);
        return known.Contains(metric) || known.Contains("eval_" + metric) || (HasClasses(task, problem) && (IsOfAClass(metric, task, labels) || IsOfAClass("eval_" + metric, task, labels)));
    }

    /// <summary>What a run can be judged by, as a list for people: the metrics, and the classes that have their own.</summary>
    public static string Describe(TaskType task, ProblemType? problem, IReadOnlyList<string>? labels)
    {
        const int most = 5;
        var list = string.Join(", ", Of(task, problem));
        if (!HasClasses(task, problem) || labels is { Count: 0 })
        {
            return list;
        }

        var names = labels is null ? [] : Names(task, labels).ToList();
        return $"{list}; or eval_NAME_f1, eval_NAME_precision, eval_NAME_recall of a {(task == TaskType.TokenClassification ? "type of entity" : "label")}"
            + (names.Count == 0 ? string.Empty : $" ({string.Join(", ", names.Take(most))}{(names.Count > most ? ", …" : string.Empty)})");
    }

    /// <summary>Refuses metric_for_best_model where the run's evaluations will not have it.</summary>
    /// <param name="config">The resolved configuration.</param>
    /// <param name="labels">The run's labels; null for language.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.ConfigValueInvalid"/>.</exception>
    public static void RefuseUnknown(TrainingConfig config, LabelSet? labels)
    {
        ArgumentNullException.ThrowIfNull(config);
        var (task, metric) = (config.Task.TaskType, config.Evaluation.MetricForBestModel);
        var evaluates = config.Evaluation.EvalStrategy != IntervalStrategy.No && (config.Data.ValidationPath.Count > 0 || config.Data.ValidationSplit > 0);
        if (evaluates && !IsOf(task, metric, labels?.Problem, labels?.Names))
        {
            throw new TrainToolsException(
                ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"The run will not measure '{metric}'.",
                $"Set metric_for_best_model to one of {Describe(task, labels?.Problem, labels?.Names)}.", "metric_for_best_model");
        }
    }

    /// <summary>The names that have metrics of their own: labels, or the types of tags.</summary>
    internal static IEnumerable<string> Names(TaskType task, IReadOnlyList<string> labels) => task != TaskType.TokenClassification ? labels
        : labels.Select(EntitySpans.Split).Where(t => t.Prefix != 'O').Select(t => t.Type).Distinct(StringComparer.Ordinal);

    private static bool HasClasses(TaskType task, ProblemType? problem) =>
        task is TaskType.TokenClassification || (task is TaskType.SequenceClassification && problem != ProblemType.Regression);

    private static bool IsOfAClass(string metric, TaskType task, IReadOnlyList<string>? labels) => metric.StartsWith("eval_", StringComparison.Ordinal)
        && OfAClass.Any(end => metric.EndsWith(end, StringComparison.Ordinal) && metric.Length > "eval_".Length + end.Length
            && (labels is null || Names(task, labels).Contains(metric["eval_".Length..^end.Length])));
}
