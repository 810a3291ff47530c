using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Reports;

/// <summary>Makes curves of any length drawable: a picture has some hundreds of columns, a run may have a million steps.</summary>
internal static class Thinning
{
    /// <summary>Columns that a curve is thinned to.</summary>
    public const int Columns = 500;

    /// <summary>
    /// The least and the greatest value of each column, in their order, so that no spike is lost; a gap where a column has
    /// no finite value. Short curves stay as they are.
    /// </summary>
    public static (double[] X, double[] Y) Extremes(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count <= 2 * Columns)
        {
            return ([.. x], [.. y]);
        }

        var (xs, ys) = (new List<double>(2 * Columns), new List<double>(2 * Columns));
        for (var column = 0; column < Columns; column++)
        {
            var (from, to) = Range(column, x.Count);
            var (least, greatest) = (-1, -1);
            for (var i = from; i < to; i++)
            {
                if (double.IsFinite(y[i]))
                {
                    least = least < 0 || y[i] < y[least] ? i : least;
                    greatest = greatest < 0 || y[i] > y[greatest] ? i : greatest;
                }
            }

            foreach (var i in least < 0 ? [from] : new SortedSet<int> { least, greatest })
            {
                xs.Add(x[i]);
                ys.Add(least < 0 ? double.NaN : y[i]);
            }
        }

        return ([.. xs], [.. ys]);
    }

    /// <summary>Running medians: of each column, or of each point's neighbourhood (a fiftieth of the curve) where there are few.</summary>
    public static (double[] X, double[] Y) Medians(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        var few = x.Count <= 2 * Columns;
        var count = few ? x.Count : Columns;
        var half = Math.Max(2, x.Count / 50) / 2;
        var (xs, ys) = (new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            // At the ends the window is cut on both sides, so that a falling curve is not pulled up or down.
            var reach = Math.Min(half, Math.Min(i, count - 1 - i));
            var (from, to) = few ? (i - reach, i + reach + 1) : Range(i, x.Count);
            var window = new double[to - from];
            for (var j = from; j < to; j++)
            {
                window[j - from] = double.IsFinite(y[j]) ? y[j] : double.NaN;
            }

            xs[i] = few ? x[i] : x[(from + to - 1) / 2];
            ys[i] = RobustStatistics.Median(window);
        }

        return (xs, ys);
    }

    private static (int From, int To) Range(int column, int count) =>
        ((int)((long)column * count / Columns), (int)((long)(column + 1) * count / Columns));
}
