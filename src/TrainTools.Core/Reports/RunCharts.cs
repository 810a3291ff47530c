using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Core.Reports;

/// <summary>The charts of a run; a signal that was not logged has none.</summary>
public static class RunCharts
{
    /// <summary>Charts of one run, with its diagnoses marked on them.</summary>
    public static IReadOnlyList<Chart> Of(ReportedRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        var marks = run.Diagnoses
            .Select((d, i) => new ChartMark(i + 1, d.FirstStep, d.ClosedAtStep ?? Math.Max(d.LastStep, run.Steps.Count > 0 ? run.Steps[^1].Step : 0), d.Severity, d.Summary))
            .Where((m, i) => run.Diagnoses[i].IsRoot && m.Severity >= FindingSeverity.Warning || run.Diagnoses[i].IsRoot && run.Diagnoses.Count < 6).ToList();
        List<Chart?> charts =
        [
            Loss([(run, "training loss", "evaluation loss")], marks),
            Single(run, "learning_rate", "Learning rate", s => s.LearningRate > 0 ? s.LearningRate : double.NaN) is { } rate ? rate with { FromZero = true, Marks = marks } : null,
            WithMedian(run, "grad_norm", "Gradient norm before clipping", s => s.GradNorm > 0 ? s.GradNorm : double.NaN) is { } norm
                ? norm with { Logarithmic = true, Marks = marks, Level = run.Config?.Optimization.MaxGradNorm is > 0 and { } limit ? limit : null, LevelName = "max_grad_norm" } : null,
            Sampled(run, "update_ratio", "Update over weights (0.001 to 0.01 is usual)", s => s.UpdateRatio) is { } ratio ? ratio with { Logarithmic = true, Marks = marks } : null,
            WithMedian(run, "tokens_per_second", "Throughput, tokens a second", s => s.StepSeconds > 0 && s.NumInputTokens > 0 ? s.NumInputTokens / s.StepSeconds : double.NaN) is { } speed ? speed with { FromZero = true, Marks = Machine(marks, run) } : null,
            Single(run, "memory", "Memory, GB", s => (s.DeviceBytes ?? s.ResidentBytes) is { } bytes ? bytes / 1e9 : double.NaN) is { } memory ? memory with { FromZero = true, Marks = Machine(marks, run) } : null,
        ];
        return [.. charts.OfType<Chart>()];
    }

    /// <summary>Losses of several runs in one chart, smoothed, and their evaluations in another.</summary>
    public static IReadOnlyList<Chart> Compare(IReadOnlyList<ReportedRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var training = runs.Select((run, i) => Smooth(run, run.Name, i)).OfType<ChartSeries>().ToList();
        var held = runs.Select((run, i) => EvaluationSeries(run, run.Name, i)).OfType<ChartSeries>().ToList();
        var charts = new List<Chart>();
        if (training.Count > 0)
        {
            charts.Add(new Chart { Name = "loss", Title = "Training loss (running medians)", Series = training, Logarithmic = Spread(training) });
        }

        if (held.Count > 0)
        {
            charts.Add(new Chart { Name = "eval_loss", Title = "Loss on held-out data", Series = held, Logarithmic = Spread(held) });
        }

        return charts;
    }

    private static Chart? Loss(IReadOnlyList<(ReportedRun Run, string Training, string Evaluation)> runs, IReadOnlyList<ChartMark> marks)
    {
        var series = new List<ChartSeries>();
        foreach (var (run, training, evaluation) in runs)
        {
            if (Raw(run, "each step", s => s.Loss) is { } raw)
            {
                series.Add(raw);
                series.Add(Smooth(run, training, 0)!);
            }

            if (EvaluationSeries(run, evaluation, 1) is { } held)
            {
                series.Add(held);
            }
        }

        return series.Count == 0 ? null : new Chart { Name = "loss", Title = "Loss, nats a supervised token", Series = series, Logarithmic = Spread(series), Marks = marks };
    }

    // Throughput and memory carry the marks of the machine alone; a rise of the loss says nothing there.
    private static IReadOnlyList<ChartMark> Machine(IReadOnlyList<ChartMark> marks, ReportedRun run) => [.. marks.Where(m =>
        run.Diagnoses[m.Number - 1].Symptom is Diagnostics.Symptoms.MemoryGrowth or Diagnostics.Symptoms.ThroughputDrop or Diagnostics.Symptoms.DataStarvation)];

    private static bool Spread(IReadOnlyList<ChartSeries> series)
    {
        var values = series.SelectMany(s => s.Y).Where(v => double.IsFinite(v) && v > 0).Order().ToArray();
        return values.Length > 0 && values[^1] > 20 * values[values.Length / 2];
    }

    private static Chart? Single(ReportedRun run, string name, string title, Func<TrainingStep, double> value) =>
        Curve(run, value) is not { } curve ? null : new Chart { Name = name, Title = title, Series = [Thinned(curve, title, 0, SeriesStyle.Line)] };

    private static Chart? WithMedian(ReportedRun run, string name, string title, Func<TrainingStep, double> value)
    {
        if (Curve(run, value) is not { } curve)
        {
            return null;
        }

        var (x, y) = Thinning.Medians(curve.X, curve.Y);
        return new Chart { Name = name, Title = title, Series = [Thinned(curve, "each step", 0, SeriesStyle.Raw), new ChartSeries("running median", x, y, 0)] };
    }

    private static Chart? Sampled(ReportedRun run, string name, string title, Func<TrainingStep, double?> value)
    {
        var points = run.Steps.Where(s => value(s) is > 0).ToList();
        var (x, y) = Thinning.Extremes([.. points.Select(p => (double)p.Step)], [.. points.Select(p => value(p)!.Value)]);
        if (points.Count < 2)
        {
            return null;
        }

        if (points.Count <= 60)
        {
            return new Chart { Name = name, Title = title, Series = [new ChartSeries("sampled", x, y, 0, SeriesStyle.Dots)] };
        }

        var (smoothX, smoothY) = Thinning.Medians([.. points.Select(p => (double)p.Step)], [.. points.Select(p => value(p)!.Value)]);
        return new Chart { Name = name, Title = title, Series = [new ChartSeries("sampled", x, y, 0, SeriesStyle.Raw), new ChartSeries("running median", smoothX, smoothY, 0)] };
    }

    private static ChartSeries? Raw(ReportedRun run, string name, Func<TrainingStep, double> value) =>
        Curve(run, value) is { } curve ? Thinned(curve, name, 0, SeriesStyle.Raw) : null;

    private static ChartSeries? Smooth(ReportedRun run, string name, int color)
    {
        if (Curve(run, s => s.Loss) is not { } curve)
        {
            return null;
        }

        var (x, y) = Thinning.Medians(curve.X, curve.Y);
        return new ChartSeries(name, x, y, color);
    }

    private static ChartSeries? EvaluationSeries(ReportedRun run, string name, int color)
    {
        var points = run.Evaluations.Where(e => e.Metrics.ContainsKey("eval_loss")).ToList();
        var (x, y) = Thinning.Extremes([.. points.Select(p => (double)p.Step)], [.. points.Select(p => p.Metrics["eval_loss"])]);
        return points.Count == 0 ? null : new ChartSeries(name, x, y, color, points.Count > 60 ? SeriesStyle.Line : SeriesStyle.Dots);
    }

    private static ChartSeries Thinned((double[] X, double[] Y) curve, string name, int color, SeriesStyle style)
    {
        var (x, y) = Thinning.Extremes(curve.X, curve.Y);
        return new ChartSeries(name, x, y, color, style);
    }

    private static (double[] X, double[] Y)? Curve(ReportedRun run, Func<TrainingStep, double> value)
    {
        double[] y = [.. run.Steps.Select(value)];
        return y.Any(double.IsFinite) ? ([.. run.Steps.Select(s => (double)s.Step)], y) : null;
    }
}
