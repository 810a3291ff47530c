namespace TrainTools.Core.Cleaning.LabelErrors;

/// <summary>Which rows are taken for label errors.</summary>
public enum LabelErrorMethod
{
    /// <summary>For each pair of classes, as many rows as the joint says were confused, those with the largest margin first.</summary>
    PruneByNoiseRate,

    /// <summary>For each class, as many rows as the joint says are wrong, those least confident first.</summary>
    PruneByClass,

    /// <summary>Rows that both of these choose.</summary>
    Both,

    /// <summary>Rows that were counted off the diagonal of the confident joint.</summary>
    ConfidentJoint,
}

/// <summary>
/// Confident learning (Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021): estimates from out-of-fold probabilities how
/// many labels of each class are really of another, and which rows these are.
/// </summary>
public sealed class ConfidentLearning
{
    private const int LeastPerClass = 5;
    private readonly ClassProbabilities _data;
    private readonly int[] _counts;
    private readonly int[] _confidentClass;

    /// <summary>Estimates thresholds and joint.</summary>
    public ConfidentLearning(ClassProbabilities data)
    {
        _data = data;
        _counts = new int[data.Classes];
        foreach (var label in data.Labels)
        {
            _counts[label]++;
        }

        Thresholds = ClassThresholds();
        _confidentClass = [.. Enumerable.Range(0, data.Rows).Select(ConfidentClass)];
        Joint = Calibrate(CountJoint());
    }

    /// <summary>Mean probability of each class over the rows labelled with it; 2 for a class without rows, so that it is never chosen.</summary>
    public IReadOnlyList<double> Thresholds { get; }

    /// <summary>Calibrated confident joint: rows labelled a (first index) that are really b (second).</summary>
    public int[][] Joint { get; }

    /// <summary>Share of labels that the joint takes for wrong.</summary>
    public double NoiseRate => _data.Rows == 0 ? 0 : 1 - ((double)Enumerable.Range(0, _data.Classes).Sum(k => Joint[k][k]) / _data.Rows);

    /// <summary>Rows that are probably labelled wrong and whose most probable class differs from the label, in ascending order.</summary>
    public int[] Suspects(LabelErrorMethod method = LabelErrorMethod.PruneByNoiseRate)
    {
        var chosen = method switch
        {
            LabelErrorMethod.PruneByNoiseRate => ByNoiseRate(),
            LabelErrorMethod.PruneByClass => ByClass(),
            LabelErrorMethod.Both => And(ByNoiseRate(), ByClass()),
            _ => OffDiagonal(),
        };
        return [.. Enumerable.Range(0, _data.Rows).Where(row => chosen[row] && _data.Predicted(row) != _data.Labels[row])];
    }

    private double[] ClassThresholds()
    {
        var sums = new double[_data.Classes];
        for (var row = 0; row < _data.Rows; row++)
        {
            sums[_data.Labels[row]] += _data.SelfConfidence(row);
        }

        return [.. sums.Select((sum, k) => _counts[k] == 0 ? 2 : Math.Max(sum / _counts[k], 1e-6))];
    }

    /// <summary>The class whose threshold the row reaches (the most probable, if it reaches several); -1 if it reaches none.</summary>
    private int ConfidentClass(int row)
    {
        var values = _data[row];
        var reached = -1;
        for (var k = 0; k < values.Length; k++)
        {
            if (values[k] >= Thresholds[k] - 1e-6)
            {
                if (reached >= 0)
                {
                    return _data.Predicted(row);
                }

                reached = k;
            }
        }

        return reached;
    }

    private double[][] CountJoint()
    {
        var joint = NewMatrix<double>();
        for (var row = 0; row < _data.Rows; row++)
        {
            if (_confidentClass[row] >= 0)
            {
                joint[_data.Labels[row]][_confidentClass[row]]++;
            }
        }

        for (var k = 0; k < _data.Classes; k++)
        {
            joint[k][k] = Math.Max(joint[k][k], 1);
        }

        return joint;
    }

    /// <summary>Scales each row to the number of rows with its label and everything to the number of rows, in whole numbers.</summary>
    private int[][] Calibrate(double[][] joint)
    {
        for (var k = 0; k < joint.Length; k++)
        {
            var sum = joint[k].Sum();
            joint[k] = [.. joint[k].Select(v => v / sum * _counts[k])];
        }

        var total = joint.Sum(row => row.Sum());
        return [.. joint.Select(row => RoundKeepingSum([.. row.Select(v => v / total * _data.Rows)]))];
    }

    /// <summary>
    /// Rounds numbers so that their sum is their rounded sum: those nearest to the next number give way first; of equals
    /// the first goes up and the last goes down.
    /// </summary>
    internal static int[] RoundKeepingSum(double[] values)
    {
        var rounded = values.Select(v => (int)Math.Round(v, MidpointRounding.ToEven)).ToArray();
        var difference = (int)Math.Round(values.Sum(), MidpointRounding.ToEven) - rounded.Sum();
        while (difference != 0)
        {
            var step = Math.Sign(difference);
            var order = Enumerable.Range(0, values.Length)
                .OrderByDescending(i => step * (values[i] - rounded[i]))
                .ThenBy(i => step * i)
                .Take(Math.Abs(difference))
                .ToList();
            order.ForEach(i => rounded[i] += step);
            difference -= step * order.Count;
        }

        return rounded;
    }

    /// <summary>How many rows labelled a are to be pruned as b, less what a class needs to keep a few rows.</summary>
    private int[][] PruneCounts()
    {
        var counts = NewMatrix<int>();
        for (var a = 0; a < _data.Classes; a++)
        {
            var row = Joint[a].Select(v => (double)v).ToArray();
            var missing = Math.Min(LeastPerClass, row.Sum()) - row[a];
            var others = row.Where((v, b) => b != a && v > 0).Count();
            if (missing > 0 && others > 0)
            {
                row = [.. row.Select((v, b) => b == a ? v + missing : v > 0 ? Math.Max(0, v - (missing / others)) : 0)];
            }

            counts[a] = RoundKeepingSum(row);
        }

        return counts;
    }

    private bool[] ByNoiseRate()
    {
        var chosen = new bool[_data.Rows];
        var prune = PruneCounts();
        foreach (var rows in RowsByLabel())
        {
            var a = _data.Labels[rows[0]];
            if (rows.Length <= LeastPerClass)
            {
                continue;
            }

            for (var b = 0; b < _data.Classes; b++)
            {
                if (b == a || prune[a][b] == 0)
                {
                    continue;
                }

                var margins = rows.Select(row => _data[row][b] - _data[row][a]).ToArray();
                Take(rows, margins, prune[a][b], chosen);
            }
        }

        return chosen;
    }

    private bool[] ByClass()
    {
        var chosen = new bool[_data.Rows];
        var prune = PruneCounts();
        foreach (var rows in RowsByLabel())
        {
            var a = _data.Labels[rows[0]];
            if (rows.Length > LeastPerClass)
            {
                Take(rows, [.. rows.Select(row => -_data.SelfConfidence(row))], rows.Length - prune[a][a], chosen);
            }
        }

        return chosen;
    }

    /// <summary>Chooses the rows with the largest scores; rows equal to the last of them are chosen too.</summary>
    private static void Take(int[] rows, double[] scores, int count, bool[] chosen)
    {
        if (count <= 0)
        {
            return;
        }

        var cut = scores.OrderDescending().ElementAt(Math.Min(count, rows.Length) - 1);
        for (var i = 0; i < rows.Length; i++)
        {
            chosen[rows[i]] |= scores[i] >= cut;
        }
    }

    private bool[] OffDiagonal() => [.. Enumerable.Range(0, _data.Rows).Select(row => _confidentClass[row] >= 0 && _confidentClass[row] != _data.Labels[row])];

    private static bool[] And(bool[] a, bool[] b) => [.. a.Zip(b, (x, y) => x && y)];

    private IEnumerable<int[]> RowsByLabel() =>
        Enumerable.Range(0, _data.Rows).GroupBy(row => _data.Labels[row]).Select(g => g.ToArray());

    private T[][] NewMatrix<T>() => [.. Enumerable.Range(0, _data.Classes).Select(_ => new T[_data.Classes])];
}
