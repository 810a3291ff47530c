using System.Globalization;
using System.Net;
using System.Text;
using TrainTools.Core.Configuration;

namespace TrainTools.Core.Reports;

/// <summary>Draws a chart as inline SVG, in the page's colours.</summary>
internal static class SvgChart
{
    private const int Left = 58;
    private const int Right = 14;
    private const int Top = 30;
    private const int Bottom = 26;

    /// <summary>The picture.</summary>
    public static string Render(Chart chart, int width = 760, int height = 260)
    {
        var svg = new StringBuilder();
        var steps = ChartScale.Steps(
            chart.Series.Where(s => s.X.Count > 0).Select(s => s.X[0]).DefaultIfEmpty(0).Min(), chart.Series.Where(s => s.X.Count > 0).Select(s => s.X[^1]).DefaultIfEmpty(1).Max());
        var values = ChartScale.OfValues(chart);
        double X(double step) => Left + (steps.At(step) * (width - Left - Right));
        double Y(double value) => height - Bottom - (values.At(value) * (height - Top - Bottom));

        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{Encode(chart.Title)}\"><text x=\"{Left}\" y=\"13\" class=\"title\">{Encode(chart.Title)}</text>");
        Marks(svg, chart, X, width, height);
        foreach (var tick in values.Ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{Y(tick):0.#}\" y2=\"{Y(tick):0.#}\" class=\"grid\"/><text x=\"{Left - 6}\" y=\"{Y(tick) + 4:0.#}\" class=\"y\">{ChartScale.Text(tick)}</text>");
        }

        foreach (var tick in steps.Ticks)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(tick):0.#}\" x2=\"{X(tick):0.#}\" y1=\"{height - Bottom}\" y2=\"{height - Bottom + 4}\" class=\"axis\"/><text x=\"{X(tick):0.#}\" y=\"{height - 8}\" class=\"x\">{ChartScale.Text(tick)}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{height - Bottom}\" y2=\"{height - Bottom}\" class=\"axis\"/>");
        if (chart.Level is { } level && level >= values.Least && level <= values.Greatest)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{Y(level):0.#}\" y2=\"{Y(level):0.#}\" class=\"level\"/><text x=\"{width - Right}\" y=\"{Y(level) - 4:0.#}\" class=\"end\">{Encode(chart.LevelName ?? "")} {ChartScale.Text(level)}</text>");
        }

        foreach (var series in chart.Series)
        {
            Curve(svg, series, X, Y, values.Logarithmic);
        }

        Legend(svg, chart, width);
        return svg.Append("</svg>").ToString();
    }

    private static void Curve(StringBuilder svg, ChartSeries series, Func<double, double> x, Func<double, double> y, bool logarithmic)
    {
        var path = new StringBuilder();
        var pen = false;
        for (var i = 0; i < series.X.Count; i++)
        {
            if (!double.IsFinite(series.Y[i]) || (logarithmic && series.Y[i] <= 0))
            {
                pen = false;
                continue;
            }

            path.Append(pen ? 'L' : 'M').Append(CultureInfo.InvariantCulture, $"{x(series.X[i]):0.#} {y(series.Y[i]):0.#}");
            if (!pen && (i + 1 == series.X.Count || !double.IsFinite(series.Y[i + 1])))
            {
                path.Append("h.1"); // a point between gaps
            }

            pen = true;
        }

        svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{path}\" class=\"c{series.Color % 8}{(series.Style == SeriesStyle.Raw ? " raw" : "")}\"/>");
        if (series.Style != SeriesStyle.Dots)
        {
            return;
        }

        for (var i = 0; i < series.X.Count; i++)
        {
            if (double.IsFinite(series.Y[i]))
            {
                svg.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{x(series.X[i]):0.#}\" cy=\"{y(series.Y[i]):0.#}\" r=\"3\" class=\"c{series.Color % 8}\"><title>{Encode(series.Name)}, step {series.X[i]}: {series.Y[i]:0.####}</title></circle>");
            }
        }
    }

    private static void Marks(StringBuilder svg, Chart chart, Func<double, double> x, int width, int height)
    {
        // Labels that would lie on each other go into a second and third line.
        var ends = new double[3];
        foreach (var mark in chart.Marks.OrderBy(m => m.From))
        {
            var (from, to) = (x(mark.From), Math.Max(x(mark.To), x(mark.From) + 1.5));
            var row = Array.FindIndex(ends, e => e <= from);
            row = row < 0 ? 0 : row;
            ends[row] = from + 20;
            var grade = mark.Severity switch { FindingSeverity.Error => "error", FindingSeverity.Warning => "warning", _ => "info" };
            var label = Math.Min(from + 10, width - Right - 9);
            svg.Append(CultureInfo.InvariantCulture, $"<g class=\"mark {grade}\"><title>{mark.Number}: {Encode(mark.Text)}</title><rect x=\"{from:0.#}\" y=\"{Top}\" width=\"{to - from:0.#}\" height=\"{height - Top - Bottom}\"/><line x1=\"{from:0.#}\" x2=\"{from:0.#}\" y1=\"{Top}\" y2=\"{height - Bottom}\"/><circle cx=\"{label:0.#}\" cy=\"{Top + 10 + (18 * row)}\" r=\"8\"/><text x=\"{label:0.#}\" y=\"{Top + 14 + (18 * row)}\">{mark.Number}</text></g>");
        }
    }

    private static void Legend(StringBuilder svg, Chart chart, int width)
    {
        if (chart.Series.Count < 2)
        {
            return;
        }

        var at = (double)(width - Right);
        foreach (var series in chart.Series.Reverse())
        {
            at -= (6.2 * series.Name.Length) + 26;
            if (at < Left + (7 * chart.Title.Length))
            {
                break;
            }

            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{at:0.#}\" x2=\"{at + 16:0.#}\" y1=\"9\" y2=\"9\" class=\"c{series.Color % 8}{(series.Style == SeriesStyle.Raw ? " raw" : "")} key\"/><text x=\"{at + 20:0.#}\" y=\"13\" class=\"legend\">{Encode(series.Name)}</text>");
        }
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
