using TrainTools.Core.Reports;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Training;

/// <summary>Training and validation losses of runs in one picture, over the data seen.</summary>
internal static class LossCurves
{
    public static void Draw(string picture, IEnumerable<string> runs)
    {
        var series = new List<ChartSeries>();
        foreach (var (argument, index) in runs.Select((r, i) => (r, i)))
        {
            var at = argument.IndexOf('=', StringComparison.Ordinal);
            var metrics = RunMetrics.Read(new RunFolder(argument[(at + 1)..]).MetricsPath);
            var name = argument[..Math.Max(0, at)];
            series.Add(new ChartSeries(name + ", training", [.. metrics.Steps.Select(s => 100 * s.Epoch)], [.. metrics.Steps.Select(s => s.Loss)], index, SeriesStyle.Raw));
            series.Add(new ChartSeries(
                name + ", validation", [.. metrics.Evaluations.Select(e => 100 * e.Epoch)], [.. metrics.Evaluations.Select(e => e.Metrics["eval_loss"])], index, SeriesStyle.Dots));
        }

        PngChart.Write(picture, new Chart { Name = "loss", Title = "Loss over the data seen", XTitle = "percent of an epoch", Series = series });
    }
}
