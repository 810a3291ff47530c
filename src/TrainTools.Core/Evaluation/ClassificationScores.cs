namespace TrainTools.Core.Evaluation;

/// <summary>
/// Scores of single labels as scikit-learn computes them: a class that is neither given nor predicted takes no part in the
/// means, and a share of nothing is 0. eval_f1, eval_precision and eval_recall are those of the second class where there are
/// two (average="binary" of scikit-learn), else the macro means.
/// </summary>
public static class ClassificationScores
{
    /// <summary>Score of each class.</summary>
    public static IReadOnlyList<ClassScore> Classes(ConfusionMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return [.. Enumerable.Range(0, matrix.Labels.Count).Select(k => ClassScore.Of(
            matrix.Labels[k], matrix.Counts[k][k], Enumerable.Range(0, matrix.Labels.Count).Sum(i => matrix.Counts[i][k]), matrix.Counts[k].Sum()))];
    }

    /// <summary>The metrics, under the names of the logs.</summary>
    public static Dictionary<string, double> Metrics(ConfusionMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var classes = Classes(matrix);
        var accuracy = (double)matrix.Correct / Math.Max(1, matrix.Total);
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal) { ["eval_accuracy"] = accuracy };
        AddMeans(metrics, classes);
        metrics["eval_f1_micro"] = metrics["eval_precision_micro"] = metrics["eval_recall_micro"] = accuracy; // of single labels all three are the same
        metrics["eval_matthews_correlation"] = Matthews(matrix);
        var (f1, precision, recall) = classes.Count == 2
            ? (classes[1].F1, classes[1].Precision, classes[1].Recall)
            : (metrics["eval_f1_macro"], metrics["eval_precision_macro"], metrics["eval_recall_macro"]);
        (metrics["eval_f1"], metrics["eval_precision"], metrics["eval_recall"]) = (f1, precision, recall);
        return metrics;
    }

    /// <summary>Macro and weighted means of classes; classes neither there nor predicted are left out.</summary>
    internal static void AddMeans(Dictionary<string, double> metrics, IReadOnlyList<ClassScore> classes)
    {
        var present = classes.Where(c => c.Support + c.Predicted > 0).ToList();
        var support = Math.Max(1, present.Sum(c => c.Support));
        foreach (var (name, value) in new (string, Func<ClassScore, double>)[] { ("f1", c => c.F1), ("precision", c => c.Precision), ("recall", c => c.Recall) })
        {
            metrics[$"eval_{name}_macro"] = present.Count == 0 ? 0 : present.Average(value);
            metrics[$"eval_{name}_weighted"] = present.Sum(c => value(c) * c.Support) / support;
        }
    }

    /// <summary>
    /// Matthews' correlation for any number of classes (Gorodkin 2004): (c·s − Σ pₖtₖ) / √((s² − Σ pₖ²)(s² − Σ tₖ²)), c rows of
    /// s right, k predicted pₖ and given tₖ times; 0 where the root is.
    /// </summary>
    public static double Matthews(ConfusionMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var n = matrix.Labels.Count;
        double total = matrix.Total, right = matrix.Correct;
        double products = 0, predictedSquares = 0, givenSquares = 0;
        for (var k = 0; k < n; k++)
        {
            double given = matrix.Counts[k].Sum(), predicted = Enumerable.Range(0, n).Sum(i => matrix.Counts[i][k]);
            products += given * predicted;
            predictedSquares += predicted * predicted;
            givenSquares += given * given;
        }

        var root = Math.Sqrt(((total * total) - predictedSquares) * ((total * total) - givenSquares));
        return root > 0 ? ((right * total) - products) / root : 0;
    }
}
