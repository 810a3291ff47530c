using System.Globalization;
using System.Net;
using System.Text;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Reports;

/// <summary>The report of a run, or of several beside each other, as one HTML page that needs nothing from elsewhere.</summary>
public static class RunReportPage
{
    /// <summary>Writes the page of one run.</summary>
    public static void Write(string path, ReportedRun run) => AtomicFile.WriteText(path, Render(run));

    /// <summary>Writes a page that has several runs beside each other.</summary>
    public static void Write(string path, IReadOnlyList<ReportedRun> runs) => AtomicFile.WriteText(path, Render(runs));

    /// <summary>The page of one run.</summary>
    public static string Render(ReportedRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var page = Begin(run.Name);
        Tiles(page, run);
        foreach (var note in run.Notes)
        {
            page.Append("<p class=\"note\">").Append(Encode(note)).Append("</p>");
        }

        if (run.Run?.Error is { } error)
        {
            page.Append("<p class=\"note bad\">").Append(Encode($"{error.Message} {error.Remedy}")).Append("</p>");
        }

        DiagnosisSection.Append(page, run.Diagnoses);
        page.Append("<h2>Charts</h2><div class=\"charts\">");
        foreach (var chart in RunCharts.Of(run))
        {
            page.Append("<figure>").Append(SvgChart.Render(chart)).Append("</figure>");
        }

        page.Append("</div>");
        Evaluations(page, run);
        Findings(page, run);
        Checkpoints(page, run);
        Data(page, run);
        Settings(page, run);
        return End(page);
    }

    /// <summary>A page of several runs.</summary>
    public static string Render(IReadOnlyList<ReportedRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var page = Begin($"{runs.Count} runs");
        var table = RunComparison.Of(runs);
        page.Append("<table class=\"compare\"><tr><th></th>");
        foreach (var run in runs)
        {
            page.Append("<th class=\"n\">").Append(Encode(run.Name)).Append("</th>");
        }

        page.Append("</tr>");
        foreach (var row in table)
        {
            page.Append("<tr><td>").Append(Encode(row.Name)).Append("</td>");
            for (var i = 0; i < runs.Count; i++)
            {
                page.Append("<td class=\"n").Append(i == row.Best ? " best" : "").Append("\">").Append(Encode(row.Values[i])).Append("</td>");
            }

            page.Append("</tr>");
        }

        page.Append("</table><div class=\"charts\">");
        foreach (var chart in RunCharts.Compare(runs))
        {
            page.Append("<figure>").Append(SvgChart.Render(chart, height: 320)).Append("</figure>");
        }

        page.Append("</div>");
        foreach (var run in runs.Where(r => r.Diagnoses.Any(d => d.IsRoot && d.Severity >= FindingSeverity.Warning)))
        {
            page.Append("<h2>").Append(Encode(run.Name)).Append("</h2>");
            DiagnosisSection.Append(page, [.. run.Diagnoses.Where(d => d.IsRoot && d.Severity >= FindingSeverity.Warning)], title: null);
        }

        return End(page);
    }

    private static StringBuilder Begin(string title) => new StringBuilder("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>")
        .Append(Encode(title)).Append("</title><style>").Append(ReportStyle.Css).Append("</style></head><body><h1>").Append(Encode(title)).Append("</h1>");

    private static string End(StringBuilder page) => page.Append("</body></html>\n").ToString();

    private static void Tiles(StringBuilder page, ReportedRun run)
    {
        page.Append("<div class=\"tiles\">");
        void Tile(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                page.Append("<div class=\"tile\"><b>").Append(Encode(value)).Append("</b>").Append(Encode(name)).Append("</div>");
            }
        }

        Tile("state", run.Run?.State.ToString());
        Tile("steps", run.Steps.Count == 0 ? null : run.Steps[^1].Step.ToString("N0", CultureInfo.InvariantCulture));
        Tile("loss, first to last", run.Steps.Count == 0 ? null : $"{Figure.Of(run.Steps[0].Loss)} → {Figure.Of(run.Steps[^1].Loss)}");
        Tile("best on held-out data", run.BestEvaluation is { } best ? $"{Figure.Of(best.Loss)} at step {best.Step.ToString("N0", CultureInfo.InvariantCulture)}" : null);
        Tile("training time", run.Run is { Duration.TotalSeconds: > 0 } timed ? Time(timed.Duration) : null);
        Tile("tokens a second", run.Run?.TokensPerSecond is { } speed ? speed.ToString("N0", CultureInfo.InvariantCulture) : null);
        Tile("device", run.Run?.Device);
        Tile("warnings", run.Diagnoses.Count(d => d.IsRoot && d.Severity >= FindingSeverity.Warning).ToString(CultureInfo.InvariantCulture));
        page.Append("</div>");
    }

    private static void Evaluations(StringBuilder page, ReportedRun run)
    {
        if (run.Evaluations.Count == 0)
        {
            return;
        }

        // The most telling ones of many: the first, the best, the last ten.
        var best = run.BestEvaluation?.Step;
        var shown = run.Evaluations.Where((e, i) => i == 0 || e.Step == best || i >= run.Evaluations.Count - 10).ToList();
        string[] names = [.. run.Evaluations.SelectMany(e => e.Metrics.Keys).Distinct().Where(n => !n.EndsWith("runtime", StringComparison.Ordinal) && !n.EndsWith("per_second", StringComparison.Ordinal))];
        page.Append("<h2>Evaluations</h2><table><tr><th class=\"n\">step</th><th class=\"n\">epoch</th>").AppendJoin("", names.Select(n => $"<th class=\"n\">{Encode(n)}</th>")).Append("</tr>");
        foreach (var evaluation in shown)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr{(evaluation.Step == best ? " class=\"best\"" : "")}><td class=\"n\">{evaluation.Step:N0}</td><td class=\"n\">{evaluation.Epoch:0.##}</td>")
                .AppendJoin("", names.Select(n => $"<td class=\"n\">{(evaluation.Metrics.TryGetValue(n, out var value) ? Value(value) : "")}</td>")).Append("</tr>");
        }

        page.Append("</table>");
        if (shown.Count < run.Evaluations.Count)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p><small>{shown.Count} of {run.Evaluations.Count} evaluations: the first, the best, the last ten.</small></p>");
        }
    }

    private static void Findings(StringBuilder page, ReportedRun run)
    {
        // Of a run that is done its own folder is not empty; that is as it should be.
        var found = run.Findings.Where(f => f.Severity > FindingSeverity.Info && f.Setting != "output_dir").ToList();
        if (run.Config is null)
        {
            return;
        }

        page.Append("<h2>Settings checked</h2>");
        if (found.Count == 0)
        {
            page.Append("<p>Nothing to warn of.</p>");
            return;
        }

        page.Append("<table><tr><th>setting</th><th>finding</th><th>remedy</th></tr>");
        foreach (var finding in found)
        {
            page.Append("<tr><td><code>").Append(Encode(finding.Setting)).Append("</code></td><td>").Append(Encode(finding.Why)).Append("</td><td>").Append(Encode(finding.Remedy ?? "")).Append("</td></tr>");
        }

        page.Append("</table>");
    }

    private static void Checkpoints(StringBuilder page, ReportedRun run)
    {
        if (run.Run is not { } folder)
        {
            return;
        }

        page.Append("<h2>Checkpoints and result</h2>");
        if (folder.Checkpoints.Count > 0)
        {
            page.Append("<table><tr><th class=\"n\">step</th><th>folder</th></tr>");
            foreach (var checkpoint in folder.Checkpoints)
            {
                page.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{checkpoint.Step:N0}</td><td><code>{Encode(checkpoint.Path)}</code></td></tr>");
            }

            page.Append("</table>");
        }

        page.Append("<p>").Append(folder.ModelPath is { } model ? $"Result: <code>{Encode(model)}</code>" : "No result was saved.").Append("</p>");
    }

    private static void Data(StringBuilder page, ReportedRun run)
    {
        if (run.Info is not { } info)
        {
            return;
        }

        page.Append("<h2>Data, versions</h2><table>");
        void Row(string name, string value) => page.Append("<tr><td>").Append(Encode(name)).Append("</td><td><code>").Append(Encode(value)).Append("</code></td></tr>");
        foreach (var (name, hash) in info.Hashes)
        {
            Row(name, $"SHA-256 {hash}");
        }

        foreach (var (name, version) in info.Versions)
        {
            Row(name, version);
        }

        Row("machine", $"{info.Host}, {info.OperatingSystem}");
        Row("started", info.StartedAt.ToString("u", CultureInfo.InvariantCulture));
        page.Append("</table>");
        foreach (var report in CleaningReports(run))
        {
            page.Append("<p>Cleaning report: <code>").Append(Encode(report)).Append("</code></p>");
        }
    }

    // What Invoke-DatasetClean wrote beside a data file of the run.
    private static IEnumerable<string> CleaningReports(ReportedRun run) => (run.Config?.Data.DatasetPath ?? [])
        .Where(File.Exists)
        .SelectMany(p => Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(p))!, "*.html"))
        .Where(f => File.ReadLines(f).FirstOrDefault()?.Contains("<title>Cleaning report</title>", StringComparison.Ordinal) == true)
        .Distinct();

    private static void Settings(StringBuilder page, ReportedRun run)
    {
        if (run.Config is not { } config)
        {
            return;
        }

        page.Append("<h2>Settings</h2><p>Other than the default: ").AppendJoin(", ", config.DescribeChanges().Select(c => $"<code>{Encode(c)}</code>"))
            .Append("</p><details><summary>All of config.yaml</summary><pre>").Append(Encode(ConfigYaml.Write(config))).Append("</pre></details>");
    }

    private static string Time(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time.Minutes} min" : time.TotalMinutes >= 1 ? $"{time.Minutes} min {time.Seconds} s" : $"{Figure.Of(time.TotalSeconds)} s";

    private static string Value(double value) => Math.Abs(value) >= 1000 ? value.ToString("N0", CultureInfo.InvariantCulture) : Figure.Of(value);

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
