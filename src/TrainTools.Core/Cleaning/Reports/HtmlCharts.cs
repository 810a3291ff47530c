using System.Globalization;
using System.Net;
using System.Text;

namespace TrainTools.Core.Cleaning.Reports;

/// <summary>The charts of a cleaning report as SVG inside the page.</summary>
internal static class HtmlCharts
{
    private const int Width = 960;
    private const int LabelWidth = 250;
    private const int RowHeight = 22;

    /// <summary>One bar: records kept as they are, kept with a changed text, removed.</summary>
    public static void Outcome(StringBuilder page, CleaningReport report)
    {
        if (report.Records == 0)
        {
            return;
        }

        Begin(page, 46, "Records kept, changed and removed");
        var x = 0.0;
        foreach (var (name, style, count) in new[] { ("kept as they are", "kept", report.Kept - report.Changed), ("kept, changed", "changed", report.Changed), ("removed", "gone", report.Removed) })
        {
            if (count == 0)
            {
                continue;
            }

            var width = (double)Width * count / report.Records;
            Bar(page, style, x, 0, width, 24, string.Create(CultureInfo.InvariantCulture, $"{name}: {count:N0}"));
            if (width > 110)
            {
                Text(page, x, 40, string.Create(CultureInfo.InvariantCulture, $"{name} {100.0 * count / report.Records:0.#} %"));
            }

            x += width;
        }

        End(page);
    }

    /// <summary>A bar a rule, on a scale of square roots so that rare finds are seen beside frequent ones: removed, changed, flagged.</summary>
    public static void Rules(StringBuilder page, CleaningReport report)
    {
        var rules = report.Rules.Where(r => r.Records > 0).OrderByDescending(r => r.Records).ToList();
        if (rules.Count == 0)
        {
            return;
        }

        Begin(page, (rules.Count * RowHeight) + 20, "Records by rule");
        var scale = (Width - LabelWidth - 80) / Math.Sqrt(rules[0].Records);
        for (var i = 0; i < rules.Count; i++)
        {
            var (rule, y) = (rules[i], i * RowHeight);
            Text(page, LabelWidth - 8, y + 15, rule.Rule, anchorEnd: true);
            var length = Math.Sqrt(rule.Records) * scale;
            var x = (double)LabelWidth;
            foreach (var (style, count) in new[] { ("gone", rule.Removed), ("changed", rule.Changed), ("flagged", rule.Records - rule.Removed - rule.Changed) })
            {
                if (count > 0)
                {
                    var width = length * count / rule.Records;
                    Bar(page, style, x, y + 3, width, RowHeight - 6, string.Create(CultureInfo.InvariantCulture, $"{rule.Rule}: {count:N0} {(style == "gone" ? "removed" : style)}"));
                    x += width;
                }
            }

            Text(page, LabelWidth + length + 6, y + 15, rule.Records.ToString("N0", CultureInfo.InvariantCulture));
        }

        Text(page, LabelWidth, (rules.Count * RowHeight) + 14, "red: removed, yellow: changed, grey: flagged; length by the square root of the number");
        End(page);
    }

    /// <summary>Records by length, before (pale) and after (full).</summary>
    public static void Lengths(StringBuilder page, CleaningReport report)
    {
        const int Height = 160;
        if (report.LengthHistogram.Count == 0)
        {
            return;
        }

        Begin(page, Height + 34, $"Records by length in {report.LengthUnit}");
        var most = Math.Max(1, report.LengthHistogram.Max(b => b.Before));
        var width = (double)Width / report.LengthHistogram.Count;
        var labelled = Math.Max(1, (int)Math.Ceiling(44 / width));
        for (var i = 0; i < report.LengthHistogram.Count; i++)
        {
            var bin = report.LengthHistogram[i];
            var title = string.Create(CultureInfo.InvariantCulture, $"{bin.From:N0} to {bin.To - 1:N0} {report.LengthUnit}: {bin.Before:N0} before, {bin.After:N0} after");
            foreach (var (style, count) in new[] { ("before", bin.Before), ("after", bin.After) })
            {
                var height = (double)Height * count / most;
                Bar(page, style, (i * width) + 1, Height - height, width - 2, height, title);
            }

            if (i % labelled == 0)
            {
                Text(page, i * width, Height + 14, bin.From.ToString("N0", CultureInfo.InvariantCulture));
            }
        }

        page.Append(CultureInfo.InvariantCulture, $"<line x1=\"0\" y1=\"{Height}\" x2=\"{Width}\" y2=\"{Height}\"/>");
        Text(page, 0, Height + 30, $"{report.LengthUnit} a record; pale: before, full: after");
        End(page);
    }

    private static void Begin(StringBuilder page, int height, string title) => page.Append(
        CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{title}\">");

    private static void End(StringBuilder page) => page.Append("</svg>");

    private static void Bar(StringBuilder page, string style, double x, double y, double width, double height, string title) => page.Append(
        CultureInfo.InvariantCulture, $"<rect class=\"{style}\" x=\"{x:F1}\" y=\"{y:F1}\" width=\"{Math.Max(0.5, width):F1}\" height=\"{height:F1}\"><title>{WebUtility.HtmlEncode(title)}</title></rect>");

    private static void Text(StringBuilder page, double x, double y, string text, bool anchorEnd = false) => page.Append(
        CultureInfo.InvariantCulture, $"<text x=\"{x:F1}\" y=\"{y:F1}\"{(anchorEnd ? " text-anchor=\"end\"" : "")}>{WebUtility.HtmlEncode(text)}</text>");
}
