using System.Globalization;

namespace TrainTools.Core.Reports;

/// <summary>From values to places on an axis, and the ticks of it.</summary>
internal sealed class ChartScale
{
    private readonly double least;
    private readonly double greatest;

    private ChartScale(double least, double greatest, bool logarithmic, IReadOnlyList<double> ticks)
    {
        (this.least, this.greatest, Logarithmic, Ticks) = (least, greatest, logarithmic, ticks);
    }

    public bool Logarithmic { get; }

    /// <summary>Values with a tick.</summary>
    public IReadOnlyList<double> Ticks { get; }

    public double Least => Logarithmic ? Math.Exp(least) : least;

    public double Greatest => Logarithmic ? Math.Exp(greatest) : greatest;

    /// <summary>The scale of a chart's values. A linear one leaves out the wildest hundredth where it would squeeze the rest.</summary>
    public static ChartScale OfValues(Chart chart)
    {
        double[] values = [.. chart.Series.SelectMany(s => s.Y).Append(chart.Level ?? double.NaN).Where(v => double.IsFinite(v) && (!chart.Logarithmic || v > 0)).Order()];
        if (values.Length == 0)
        {
            return Linear(0, 1);
        }

        if (chart.Logarithmic)
        {
            return Logarithm(values[0], values[^1]);
        }

        var (low, high) = (values[0], values[^1]);
        var usual = values[(int)(0.99 * (values.Length - 1))];
        high = high - low > 3 * (usual - low) && usual > low ? usual + (0.3 * (usual - low)) : high;
        return Linear(chart.FromZero ? Math.Min(0, low) : low, high);
    }

    public static ChartScale Linear(double low, double high)
    {
        if (!(high > low))
        {
            (low, high) = (low - Math.Max(0.5 * Math.Abs(low), 1e-12), high + Math.Max(0.5 * Math.Abs(high), 1e-12));
        }

        var raw = (high - low) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = power * new[] { 1.0, 2, 2.5, 5, 10 }.First(f => f * power >= raw * 0.999);
        var ticks = new List<double>();
        for (var tick = Math.Ceiling(low / step - 1e-9) * step; tick <= high + (1e-9 * step); tick += step)
        {
            ticks.Add(Math.Abs(tick) < 1e-9 * step ? 0 : tick);
        }

        return new ChartScale(low, high, false, ticks);
    }

    /// <summary>Steps: whole numbers.</summary>
    public static ChartScale Steps(double low, double high)
    {
        var scale = Linear(low, Math.Max(high, low + 1));
        return new ChartScale(scale.least, scale.greatest, false, [.. scale.Ticks.Where(t => t == Math.Floor(t))]);
    }

    /// <summary>Place of a value, 0 to 1; beyond the ends is cut.</summary>
    public double At(double value) => Math.Clamp(((Logarithmic ? Math.Log(value) : value) - least) / (greatest - least), 0, 1);

    /// <summary>A value on the axis ("0.5", "1.2k", "3e-4").</summary>
    public static string Text(double value)
    {
        var size = Math.Abs(value);
        return size switch
        {
            0 => "0",
            >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M",
            >= 1e4 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k",
            < 1e-3 => value.ToString("0.##e-0", CultureInfo.InvariantCulture),
            _ => value.ToString("0.####", CultureInfo.InvariantCulture),
        };
    }

    private static ChartScale Logarithm(double low, double high)
    {
        if (high < 1.5 * low)
        {
            (low, high) = (low / 1.3, high * 1.3);
        }

        var ticks = new List<double>();
        var decades = Math.Log10(high / low);
        double[] leads = decades > 4 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 3, 5, 7];
        var every = Math.Max(1, (int)Math.Ceiling(decades / 7));
        for (var power = (int)Math.Floor(Math.Log10(low)); power <= Math.Log10(high); power++)
        {
            if (power % every == 0)
            {
                ticks.AddRange(leads.Select(l => l * Math.Pow(10, power)).Where(t => t >= low && t <= high));
            }
        }

        return new ChartScale(Math.Log(low), Math.Log(high), true, ticks);
    }
}
