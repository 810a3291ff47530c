namespace TrainTools.Core.Evaluation;

/// <summary>Scores of predicted numbers.</summary>
public static class RegressionScores
{
    /// <summary>The metrics, under the names of the logs: eval_mse, eval_rmse, eval_mae, eval_r2, eval_pearson, eval_spearmanr.</summary>
    /// <param name="given">Given values.</param>
    /// <param name="predicted">Predicted values.</param>
    public static Dictionary<string, double> Metrics(IReadOnlyList<double> given, IReadOnlyList<double> predicted)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(predicted);
        var n = Math.Max(1, given.Count);
        var squares = given.Zip(predicted, (g, p) => (g - p) * (g - p)).Sum();
        var mean = given.DefaultIfEmpty().Average();
        var variance = given.Sum(g => (g - mean) * (g - mean));
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["eval_mse"] = squares / n,
            ["eval_rmse"] = Math.Sqrt(squares / n),
            ["eval_mae"] = given.Zip(predicted, (g, p) => Math.Abs(g - p)).Sum() / n,
            ["eval_r2"] = 1 - (squares / variance),
            ["eval_pearson"] = Pearson(given, predicted),
            ["eval_spearmanr"] = Pearson(Ranks(given), Ranks(predicted)),
        };
    }

    /// <summary>Pearson's correlation; NaN where one side is constant.</summary>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        if (x.Count == 0)
        {
            return double.NaN;
        }

        double meanX = x.Average(), meanY = y.Average(), xy = 0, xx = 0, yy = 0;
        for (var i = 0; i < x.Count; i++)
        {
            var (dx, dy) = (x[i] - meanX, y[i] - meanY);
            xy += dx * dy;
            xx += dx * dx;
            yy += dy * dy;
        }

        return xx > 0 && yy > 0 ? xy / Math.Sqrt(xx * yy) : double.NaN;
    }

    /// <summary>Ranks from 1; equal values share the mean of theirs.</summary>
    public static double[] Ranks(IReadOnlyList<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        var ranks = new double[order.Length];
        for (var start = 0; start < order.Length;)
        {
            var end = start;
            while (end < order.Length && values[order[end]] == values[order[start]])
            {
                end++;
            }

            for (var i = start; i < end; i++)
            {
                ranks[order[i]] = (start + end + 1) / 2.0;
            }

            start = end;
        }

        return ranks;
    }
}
