namespace TrainTools.Core.Evaluation;

/// <summary>Scores of texts with any number of labels, as scikit-learn computes them on indicator matrices.</summary>
public static class MultiLabelScores
{
    /// <summary>Score of each class.</summary>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="given">Given classes of each row.</param>
    /// <param name="predicted">Predicted classes of each row.</param>
    public static IReadOnlyList<ClassScore> Classes(IReadOnlyList<string> labels, IReadOnlyList<bool[]> given, IReadOnlyList<bool[]> predicted)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(predicted);
        return [.. Enumerable.Range(0, labels.Count).Select(k => ClassScore.Of(
            labels[k], given.Where((g, i) => g[k] && predicted[i][k]).LongCount(), predicted.LongCount(p => p[k]), given.LongCount(g => g[k])))];
    }

    /// <summary>The four cells of each class.</summary>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="given">Given classes of each row.</param>
    /// <param name="predicted">Predicted classes of each row.</param>
    public static IReadOnlyList<LabelConfusion> Confusions(IReadOnlyList<string> labels, IReadOnlyList<bool[]> given, IReadOnlyList<bool[]> predicted)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return [.. labels.Select((label, k) => LabelConfusion.Of(label, given.Select(g => g[k]), predicted.Select(p => p[k])))];
    }

    /// <summary>
    /// The metrics, under the names of the logs. eval_accuracy is that of whole rows (scikit-learn's subset accuracy), eval_f1
    /// the micro mean, eval_f1_samples the mean over rows.
    /// </summary>
    /// <param name="labels">Names of the classes.</param>
    /// <param name="given">Given classes of each row.</param>
    /// <param name="predicted">Predicted classes of each row.</param>
    public static Dictionary<string, double> Metrics(IReadOnlyList<string> labels, IReadOnlyList<bool[]> given, IReadOnlyList<bool[]> predicted)
    {
        var classes = Classes(labels, given, predicted);
        var rows = Math.Max(1, given.Count);
        var right = classes.Select((_, k) => given.Where((g, i) => g[k] && predicted[i][k]).LongCount()).Sum();
        var micro = ClassScore.Of("micro", right, classes.Sum(c => c.Predicted), classes.Sum(c => c.Support));
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["eval_accuracy"] = (double)given.Where((g, i) => g.AsSpan().SequenceEqual(predicted[i])).Count() / rows,
            ["eval_hamming_loss"] = given.Select((g, i) => g.Where((v, k) => v != predicted[i][k]).Count()).Sum() / (double)(rows * labels.Count),
            ["eval_f1"] = micro.F1,
            ["eval_precision"] = micro.Precision,
            ["eval_recall"] = micro.Recall,
            ["eval_f1_micro"] = micro.F1,
            ["eval_precision_micro"] = micro.Precision,
            ["eval_recall_micro"] = micro.Recall,
            ["eval_f1_samples"] = given.Select((g, i) => ClassScore.Of(string.Empty, g.Where((v, k) => v && predicted[i][k]).Count(), predicted[i].Count(v => v), g.Count(v => v)).F1).DefaultIfEmpty().Average(),
        };

        // Unlike single labels, every class takes part in the means here: scikit-learn does so with indicator matrices.
        var support = Math.Max(1, classes.Sum(c => c.Support));
        foreach (var (name, value) in new (string, Func<ClassScore, double>)[] { ("f1", c => c.F1), ("precision", c => c.Precision), ("recall", c => c.Recall) })
        {
            metrics[$"eval_{name}_macro"] = classes.Average(value);
            metrics[$"eval_{name}_weighted"] = classes.Sum(c => value(c) * c.Support) / support;
        }

        return metrics;
    }
}
