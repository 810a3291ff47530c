using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;

namespace TrainTools.Core.Reports;

/// <summary>A line of a table that has runs beside each other.</summary>
/// <param name="Name">Figure or setting.</param>
/// <param name="Values">One text a run; empty where a run has none.</param>
/// <param name="Best">Index of the best run; -1 where there is no better or worse.</param>
public sealed record ComparisonRow(string Name, IReadOnlyList<string> Values, int Best = -1);

/// <summary>Several runs beside each other: what came out, and which settings differ.</summary>
public static class RunComparison
{
    /// <summary>The table: results first, then the settings in which the runs differ.</summary>
    public static IReadOnlyList<ComparisonRow> Of(IReadOnlyList<ReportedRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var rows = new List<ComparisonRow>
        {
            Text("state", runs, r => r.Run?.State.ToString()),
            Text("steps", runs, r => r.Steps.Count == 0 ? null : r.Steps[^1].Step.ToString("N0", CultureInfo.InvariantCulture)),
            Number("best evaluation loss", runs, r => r.BestEvaluation?.Loss, lower: true),
            Text("… at step", runs, r => r.BestEvaluation?.Step.ToString("N0", CultureInfo.InvariantCulture)),
            Number("last evaluation loss", runs, r => r.LastEvaluation, lower: true),
            Number("training loss, last tenth (median)", runs, r => r.Steps.Count == 0 ? null : RobustStatistics.Median([.. r.Steps.TakeLast(Math.Max(1, r.Steps.Count / 10)).Select(s => s.Loss)]), lower: true),
            Number("tokens a second", runs, r => r.Run?.TokensPerSecond, lower: false),
            Text("training time", runs, r => r.Run is { Duration.TotalSeconds: > 0 } run ? run.Duration.ToString(run.Duration.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture) : null),
            Text("warnings", runs, r => string.Join(", ", r.Diagnoses.Where(d => d.IsRoot && d.Severity >= FindingSeverity.Warning).Select(d => d.Symptom).Distinct())),
        };
        rows.RemoveAll(r => r.Values.All(v => v.Length == 0));
        rows.AddRange(Settings(runs));
        return rows;
    }

    private static IEnumerable<ComparisonRow> Settings(IReadOnlyList<ReportedRun> runs)
    {
        foreach (var setting in ConfigSchema.Settings.Where(s => s.Name != "output_dir"))
        {
            string[] values = [.. runs.Select(r => r.Config is { } config && setting.Get(config) is { } value ? setting.Format(value) : string.Empty)];
            if (values.Distinct().Count() > 1)
            {
                yield return new ComparisonRow(setting.Name, values);
            }
        }
    }

    private static ComparisonRow Text(string name, IReadOnlyList<ReportedRun> runs, Func<ReportedRun, string?> value) => new(name, [.. runs.Select(r => value(r) ?? string.Empty)]);

    private static ComparisonRow Number(string name, IReadOnlyList<ReportedRun> runs, Func<ReportedRun, double?> value, bool lower)
    {
        double[] values = [.. runs.Select(r => value(r) ?? double.NaN)];
        var finite = values.Where(double.IsFinite).ToArray();
        var best = finite.Length < 2 ? -1 : Array.IndexOf(values, lower ? finite.Min() : finite.Max());
        return new ComparisonRow(name, [.. values.Select(v => double.IsNaN(v) ? string.Empty : Math.Abs(v) >= 1000 ? v.ToString("N0", CultureInfo.InvariantCulture) : Figure.Of(v))], best);
    }
}
