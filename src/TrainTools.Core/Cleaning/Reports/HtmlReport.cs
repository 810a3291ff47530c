using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

using TrainTools.Core.Errors;
using TrainTools.Core.Files;

namespace TrainTools.Core.Cleaning.Reports;

/// <summary>A cleaning report as one HTML page that needs nothing from elsewhere, and as JSON beside it.</summary>
public static class HtmlReport
{
    private static readonly JsonSerializerOptions Indented = new(VerdictFile.Json) { WriteIndented = true, NewLine = "\n" };

    private const string Style = """
        :root { color-scheme: light dark; --line: #8884; --bar: #3b7dd8; --bad: #c0392b; --soft: #8882; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
        table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        .tiles { display: flex; gap: 1rem; flex-wrap: wrap; } .tile { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem 1.1rem; } .tile b { display: block; font-size: 1.5rem; }
        .bar { background: var(--soft); height: .8rem; min-width: 6rem; } .bar i { display: block; height: 100%; background: var(--bar); }
        svg { width: 100%; height: auto; margin: .8rem 0; } svg text { fill: currentColor; font-size: 12px; } svg .before { fill: #3b7dd855; } svg .after, svg .kept { fill: var(--bar); } svg .changed { fill: #d9a300; } svg .gone { fill: var(--bad); } svg .flagged { fill: #8887; } svg line { stroke: var(--line); }
        details { margin: .3rem 0; } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .5rem .8rem; border-radius: .3rem; margin: .3rem 0; }
        .warning { border-left: .3rem solid var(--bad); padding: .3rem .8rem; background: var(--soft); } code { overflow-wrap: anywhere; } small { opacity: .75; }
        """;

    /// <summary>Writes the page at the path, and the same content as JSON with the extension .json.</summary>
    /// <returns>The two paths.</returns>
    public static (string Html, string Json) Write(string path, CleaningReport report)
    {
        var (html, json) = Paths(path);
        AtomicFile.WriteText(html, Render(report));
        AtomicFile.WriteBytes(json, JsonSerializer.SerializeToUtf8Bytes(report, Indented));
        return (html, json);
    }

    /// <summary>The two paths that a report is written to: the one given, with or without an extension, and its sibling.</summary>
    /// <exception cref="TrainToolsException">CleaningOptionInvalid: the extension is that of something else, or the path is a folder.</exception>
    public static (string Html, string Json) Paths(string path)
    {
        if (Directory.Exists(path) || Path.EndsInDirectorySeparator(path))
        {
            throw new TrainToolsException(ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, $"The report cannot be written to {path}: it is a folder.", "Name a file in it: report.html.", path);
        }

        var extension = Path.GetExtension(path).ToLowerInvariant();
        return extension switch
        {
            "" or ".html" or ".json" => (Path.ChangeExtension(path, ".html"), Path.ChangeExtension(path, ".json")),
            ".htm" => (path, Path.ChangeExtension(path, ".json")),
            _ => throw new TrainToolsException(
                ErrorIds.CleaningOptionInvalid, ErrorKind.InvalidArgument, $"The report cannot be written to {path}: there is none of the kind '{extension}'.",
                "A report is an HTML page (.html, .htm) with the same as JSON (.json) beside it.", path),
        };
    }

    /// <summary>The page.</summary>
    public static string Render(CleaningReport report)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Cleaning report</title><style>")
            .Append(Style).Append("</style></head><body><h1>Cleaning report</h1><div class=\"tiles\">");
        Tile(page, "records in", report.Records);
        Tile(page, "kept", report.Kept);
        Tile(page, "removed", report.Removed);
        Tile(page, "repaired or masked", report.Changed);
        Tile(page, "bad lines", report.BadLines);
        page.Append("</div>");
        foreach (var warning in report.Warnings)
        {
            page.Append("<p class=\"warning\">").Append(Encode(warning)).Append("</p>");
        }

        HtmlCharts.Outcome(page, report);
        Rules(page, report);
        Lengths(page, report);
        HtmlCharts.Lengths(page, report);
        Groups(page, report);
        Labels(page, report);
        Examples(page, report);
        Reproduction(page, report);
        return page.Append("</body></html>\n").ToString();
    }

    private static void Tile(StringBuilder page, string name, long value) =>
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"tile\"><b>{value:N0}</b>{name}</div>");

    private static void Rules(StringBuilder page, CleaningReport report)
    {
        page.Append("<h2>By rule</h2>");
        HtmlCharts.Rules(page, report);
        page.Append("<table><tr><th>rule</th><th class=\"n\">threshold</th><th class=\"n\">found in</th><th class=\"n\">removed</th><th class=\"n\">by it alone</th><th class=\"n\">changed</th><th class=\"n\">noted</th></tr>");
        foreach (var rule in report.Rules)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{rule.Rule}</code><br><small>{Encode(rule.Description)}</small></td><td class=\"n\">{Number(rule.Threshold)}</td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{rule.Records:N0}</td><td class=\"n\">{rule.Removed:N0}</td><td class=\"n\">{rule.RemovedAlone:N0}</td><td class=\"n\">{rule.Changed:N0}</td><td class=\"n\">{rule.Noted:N0}</td></tr>");
        }

        page.Append("</table>");
        if (report.Rules.Count == 0)
        {
            page.Append("<p>No rule found anything.</p>");
        }
    }

    private static void Lengths(StringBuilder page, CleaningReport report)
    {
        if (report.LengthBefore is not { } before)
        {
            return;
        }

        page.Append(CultureInfo.InvariantCulture, $"<h2>Length of a record in {report.LengthUnit}</h2><table><tr><th></th>");
        foreach (var name in new[] { "least", "5 %", "25 %", "median", "75 %", "95 %", "most" })
        {
            page.Append("<th class=\"n\">").Append(name).Append("</th>");
        }

        page.Append("</tr>");
        Row("before", before);
        if (report.LengthAfter is { } after)
        {
            Row("after", after);
        }

        page.Append("</table>");

        void Row(string name, LengthQuantiles q)
        {
            page.Append("<tr><td>").Append(name).Append("</td>");
            foreach (var value in new[] { q.Min, q.P5, q.P25, q.Median, q.P75, q.P95, q.Max })
            {
                page.Append(CultureInfo.InvariantCulture, $"<td class=\"n\">{value:N0}</td>");
            }

            page.Append("</tr>");
        }
    }

    private static void Groups(StringBuilder page, CleaningReport report)
    {
        if (report.DuplicateGroups.Count == 0)
        {
            return;
        }

        page.Append("<h2>Groups of duplicates</h2><table><tr><th class=\"n\">size</th><th class=\"n\">groups</th><th></th></tr>");
        var most = report.DuplicateGroups.Values.Max();
        foreach (var (size, count) in report.DuplicateGroups)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{size}</td><td class=\"n\">{count:N0}</td><td>");
            Bar(page, (double)count / most);
            page.Append("</td></tr>");
        }

        page.Append("</table>");
    }

    private static void Labels(StringBuilder page, CleaningReport report)
    {
        if (report.ConfidentJoint is null || report.LabelNoise is not { } noise)
        {
            return;
        }

        page.Append(CultureInfo.InvariantCulture, $"<h2>Labels</h2><p>Estimated share of wrong labels: {100 * noise:F1} %. The pairs most often confused:</p><table><tr><th>given</th><th>rather</th><th class=\"n\">records</th></tr>");
        var pairs = from a in Enumerable.Range(0, report.Classes.Count)
                    from b in Enumerable.Range(0, report.Classes.Count)
                    where a != b && report.ConfidentJoint[a][b] > 0
                    orderby report.ConfidentJoint[a][b] descending, a, b
                    select (a, b);
        foreach (var (a, b) in pairs.Take(20))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(report.Classes[a])}</td><td>{Encode(report.Classes[b])}</td><td class=\"n\">{report.ConfidentJoint[a][b]:N0}</td></tr>");
        }

        page.Append("</table>");
    }

    private static void Examples(StringBuilder page, CleaningReport report)
    {
        page.Append("<h2>Examples</h2>");
        foreach (var rule in report.Rules.Where(r => r.Examples.Count > 0))
        {
            page.Append(CultureInfo.InvariantCulture, $"<details><summary><code>{rule.Rule}</code> ({rule.Records:N0})</summary>");
            foreach (var example in rule.Examples)
            {
                var verdict = example.Verdict;
                page.Append(CultureInfo.InvariantCulture, $"<p><small>{Place(verdict.File, verdict.Line, verdict.Index)}: {verdict.Action}, {Number(verdict.Value)}{(verdict.Detail is null ? "" : ", " + Encode(verdict.Detail))}</small></p><pre>{Encode(example.Text)}</pre>");
                if (example.EvidenceText is not null)
                {
                    page.Append(CultureInfo.InvariantCulture, $"<p><small>beside {Place(verdict.EvidenceFile, verdict.EvidenceLine ?? 0, verdict.EvidenceIndex ?? 0)}</small></p><pre>{Encode(example.EvidenceText)}</pre>");
                }
            }

            page.Append("</details>");
        }
    }

    private static void Reproduction(StringBuilder page, CleaningReport report)
    {
        page.Append("<h2>Input, output, settings</h2><table><tr><th>file</th><th class=\"n\">bytes</th><th>SHA-256</th></tr>");
        foreach (var file in report.Inputs.Concat(report.Outputs))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Encode(file.Path)}</td><td class=\"n\">{file.Bytes:N0}</td><td><code>{file.Sha256}</code></td></tr>");
        }

        page.Append("</table>");
        if (report.Command is not null)
        {
            page.Append("<p>The command that makes it again:</p><pre>").Append(Encode(report.Command)).Append("</pre>");
        }

        var settings = JsonSerializer.Serialize(report.Options, Indented);
        page.Append("<details><summary>Settings</summary><pre>").Append(Encode(settings)).Append(CultureInfo.InvariantCulture, $"</pre></details><p><small>{report.Seconds:F1} s</small></p>");
    }

    private static void Bar(StringBuilder page, double share) => page.Append(
        CultureInfo.InvariantCulture, $"<div class=\"bar\"><i style=\"width:{100 * share:F1}%\"></i></div>");

    private static string Place(string? file, long line, long index) =>
        file is null ? string.Create(CultureInfo.InvariantCulture, $"record {index}") : string.Create(CultureInfo.InvariantCulture, $"{Encode(Path.GetFileName(file))}({line})");

    private static string Number(double value) => double.IsInfinity(value) ? "–" : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
