namespace TrainTools.Core.Diagnostics;

/// <summary>Statistics that a few wild values do not move. NaN values are left out everywhere.</summary>
internal static class RobustStatistics
{
    /// <summary>Makes the MAD of normal noise equal to its standard deviation.</summary>
    public const double MadToSigma = 1.4826;

    /// <summary>The median; NaN of nothing.</summary>
    public static double Median(ReadOnlySpan<double> values)
    {
        Span<double> sorted = values.Length <= 512 ? stackalloc double[values.Length] : new double[values.Length];
        var count = 0;
        foreach (var value in values)
        {
            if (!double.IsNaN(value))
            {
                sorted[count++] = value;
            }
        }

        if (count == 0)
        {
            return double.NaN;
        }

        sorted = sorted[..count];
        sorted.Sort();
        return count % 2 == 1 ? sorted[count / 2] : (sorted[(count / 2) - 1] + sorted[count / 2]) / 2;
    }

    /// <summary>The quantile at <paramref name="share"/> (0 to 1), between neighbours linearly; NaN of nothing.</summary>
    public static double Quantile(IEnumerable<double> values, double share)
    {
        var sorted = values.Where(v => !double.IsNaN(v)).Order().ToArray();
        if (sorted.Length == 0)
        {
            return double.NaN;
        }

        var at = share * (sorted.Length - 1);
        var low = (int)at;
        return low + 1 < sorted.Length ? sorted[low] + ((at - low) * (sorted[low + 1] - sorted[low])) : sorted[low];
    }

    /// <summary>Median absolute deviation from <paramref name="center"/>, scaled to a standard deviation.</summary>
    public static double Mad(ReadOnlySpan<double> values, double center)
    {
        Span<double> distance = values.Length <= 512 ? stackalloc double[values.Length] : new double[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            distance[i] = Math.Abs(values[i] - center);
        }

        return MadToSigma * Median(distance);
    }

    /// <summary>
    /// The scale of what changes from one value to the next: MAD of the differences, over √2. Unlike the MAD around a
    /// level it does not grow with a trend.
    /// </summary>
    public static double DifferenceScale(ReadOnlySpan<double> values)
    {
        if (values.Length < 2)
        {
            return double.NaN;
        }

        Span<double> differences = values.Length <= 512 ? stackalloc double[values.Length - 1] : new double[values.Length - 1];
        for (var i = 1; i < values.Length; i++)
        {
            differences[i - 1] = values[i] - values[i - 1];
        }

        return Mad(differences, Median(differences)) / Math.Sqrt(2);
    }

    /// <summary>The median of the slopes between all pairs of points (Theil-Sen); NaN for fewer than two.</summary>
    public static double TheilSenSlope(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var slopes = new List<double>(x.Length * (x.Length - 1) / 2);
        for (var i = 0; i < x.Length; i++)
        {
            for (var j = i + 1; j < x.Length; j++)
            {
                if (x[j] != x[i] && !double.IsNaN(y[i]) && !double.IsNaN(y[j]))
                {
                    slopes.Add((y[j] - y[i]) / (x[j] - x[i]));
                }
            }
        }

        return Median(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(slopes));
    }

    /// <summary>
    /// The Mann-Kendall statistic as a standard normal deviate: below -2 the values fall, above 2 they rise, whatever the
    /// shape. Zero for fewer than four values.
    /// </summary>
    public static double MannKendall(ReadOnlySpan<double> values)
    {
        var n = 0;
        long sum = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (double.IsNaN(values[i]))
            {
                continue;
            }

            n++;
            for (var j = i + 1; j < values.Length; j++)
            {
                sum += double.IsNaN(values[j]) ? 0 : Math.Sign(values[j] - values[i]);
            }
        }

        if (n < 4)
        {
            return 0;
        }

        var deviation = Math.Sqrt(n * (n - 1.0) * ((2.0 * n) + 5) / 18);
        return (sum - Math.Sign(sum)) / deviation;
    }

    /// <summary>Correlation of each value with the next; NaN for fewer than eight values or no variation.</summary>
    public static double LagOneCorrelation(ReadOnlySpan<double> values)
    {
        if (values.Length < 8)
        {
            return double.NaN;
        }

        double mean = 0;
        foreach (var value in values)
        {
            mean += value / values.Length;
        }

        double product = 0;
        double square = 0;
        for (var i = 0; i < values.Length; i++)
        {
            square += (values[i] - mean) * (values[i] - mean);
            product += i == 0 ? 0 : (values[i] - mean) * (values[i - 1] - mean);
        }

        return square > 0 ? product / square : double.NaN;
    }
}
