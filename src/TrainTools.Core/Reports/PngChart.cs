using ScottPlot;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Reports;

/// <summary>Draws charts as PNG pictures.</summary>
public static class PngChart
{
    /// <summary>Draws a chart. Errors: ReportUnwritable where the machine lacks what pictures are drawn with.</summary>
    /// <param name="path">The file.</param>
    /// <param name="chart">The chart.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    public static void Write(string path, Chart chart, int width = 1200, int height = 420)
    {
        ArgumentNullException.ThrowIfNull(chart);
        try
        {
            Draw(chart).SavePng(path, width, height);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or BadImageFormatException)
        {
            throw new TrainToolsException(
                ErrorIds.ReportUnwritable, ErrorKind.NotSupported, $"Pictures cannot be drawn on this machine: {(e.InnerException ?? e).Message}", "The HTML report needs nothing of the kind: export it without PNG pictures.", path, e);
        }
    }

    private static Plot Draw(Chart chart)
    {
        var plot = new Plot();
        plot.Title(chart.Title, size: 18);
        plot.XLabel(chart.XTitle);
        var values = ChartScale.OfValues(chart);
        double Y(double value) => chart.Logarithmic ? Math.Log(value) : value;
        var (bottom, top) = (Y(values.Least), Y(values.Greatest));
        var margin = 0.05 * (top - bottom);
        foreach (var mark in chart.Marks)
        {
            var color = mark.Severity switch { FindingSeverity.Error => Color.FromHex("#c0392b"), FindingSeverity.Warning => Color.FromHex("#c98a12"), _ => Color.FromHex("#5f7fa3") };
            var span = plot.Add.HorizontalSpan(mark.From, Math.Max(mark.To, mark.From + 0.5));
            span.FillColor = color.WithAlpha(0.12);
            span.LineColor = color.WithAlpha(0.5);
            var text = plot.Add.Text(mark.Number.ToString(System.Globalization.CultureInfo.InvariantCulture), mark.From, top);
            (text.LabelFontColor, text.LabelBackgroundColor, text.LabelBold, text.LabelPadding) = (Colors.White, color, true, 3);
        }

        foreach (var series in chart.Series)
        {
            var color = Color.FromHex(ReportStyle.Colors[series.Color % ReportStyle.Colors.Length]);
            double[] y = [.. series.Y.Select(v => double.IsFinite(v) && (!chart.Logarithmic || v > 0) ? Math.Clamp(Y(v), bottom, top) : double.NaN)];
            var line = plot.Add.Scatter(series.X.ToArray(), y);
            line.Color = series.Style == SeriesStyle.Raw ? color.WithAlpha(0.4) : color;
            line.LineWidth = series.Style == SeriesStyle.Raw ? 1 : 2;
            line.MarkerSize = series.Style == SeriesStyle.Dots ? 6 : 0;
            line.LegendText = chart.Series.Count > 1 ? series.Name : string.Empty;
        }

        if (chart.Level is { } level && (!chart.Logarithmic || level > 0))
        {
            var line = plot.Add.HorizontalLine(Y(level));
            (line.LinePattern, line.Color, line.LineWidth) = (LinePattern.Dashed, Colors.Gray, 1);
            line.Text = chart.LevelName ?? string.Empty;
            line.LabelOppositeAxis = true;
        }

        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual([.. values.Ticks.Select(Y)], [.. values.Ticks.Select(ChartScale.Text)]);
        plot.Axes.SetLimitsY(bottom - margin, top + margin);
        if (chart.Series.Count > 1)
        {
            plot.ShowLegend(Alignment.UpperRight);
        }

        return plot;
    }
}
