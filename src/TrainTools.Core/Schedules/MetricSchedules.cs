namespace TrainTools.Core.Schedules;

/// <summary>
/// The two schedules that follow the evaluation metric, as folds over the metrics seen so far: the state of torch's
/// ReduceLROnPlateau and of transformers' GreedyLR is rebuilt from the history, so there is none to save.
/// </summary>
internal static class MetricSchedules
{
    private const double SmallestChange = 1e-8;

    /// <summary>Divides the rate by ten after more than ten evaluations in a row without an improvement of at least 0.01 %.</summary>
    public static double ReduceOnPlateau(ScheduleOptions options, IReadOnlyList<double> metrics)
    {
        const double Factor = 0.1;
        const int Patience = 10;
        const double Threshold = 1e-4;
        var rate = options.LearningRate;
        var best = options.GreaterIsBetter ? double.NegativeInfinity : double.PositiveInfinity;
        var bad = 0;
        foreach (var metric in metrics)
        {
            var better = options.GreaterIsBetter ? metric > best * (1 + Threshold) : metric < best * (1 - Threshold);
            if (better)
            {
                best = metric;
                bad = 0;
            }
            else if (++bad > Patience)
            {
                var next = Math.Max(rate * Factor, options.MinLr ?? 0);
                rate = rate - next > SmallestChange ? next : rate;
                bad = 0;
            }
        }

        return rate;
    }

    /// <summary>Raises the rate while the metric keeps improving and lowers it while it does not.</summary>
    public static double Greedy(ScheduleOptions options, IReadOnlyList<double> metrics)
    {
        const double Factor = 0.95;
        const int Patience = 10;
        const double Threshold = 1e-6;
        const double Highest = 1.0;
        const int EvaluationsAtFloor = 500;
        var floor = options.MinLr ?? 1e-3;
        var worst = options.GreaterIsBetter ? double.NegativeInfinity : double.PositiveInfinity;
        var rate = options.LearningRate;
        var best = worst;
        var (good, bad, untilReset) = (0, 0, EvaluationsAtFloor);
        foreach (var metric in metrics)
        {
            var better = options.GreaterIsBetter ? metric > best + Threshold : metric < best - Threshold;
            (good, bad) = better ? (good + 1, 0) : (0, bad + 1);
            best = better ? metric : best;
            if (good > Patience)
            {
                var next = Math.Min(rate / Factor, Highest);
                rate = next - rate > SmallestChange ? next : rate;
                untilReset = EvaluationsAtFloor;
                good = 0;
            }
            else if (bad > Patience)
            {
                var next = Math.Max(rate * Factor, floor);
                rate = rate - next > SmallestChange ? next : rate;
                bad = 0;
                if (rate <= floor && --untilReset <= 0)
                {
                    (rate, best, good, untilReset) = (options.LearningRate, worst, 0, EvaluationsAtFloor);
                }
            }
        }

        return rate;
    }
}
