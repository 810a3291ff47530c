namespace TrainTools.Bench.Diagnosis;

/// <summary>What watching costs: the same training with and without, by turns, in one process.</summary>
internal static class Overhead
{
    private const int Pairs = 5;

    public static IEnumerable<string> Measure(Options options, Trial trial)
    {
        yield return $"Steps a run: {options.Steps}; medians of {Pairs} pairs.";
        yield return "";
        yield return "| setting | step, ms | with probe and diagnosis, ms | more | diagnosis alone |";
        yield return "|---|---|---|---|---|";
        foreach (var setting in options.Settings.Select(s => s with { Rate = 1e-3 }))
        {
            var spec = new TrialSpec(setting, "healthy", HealthyVariants.Reference, 0, 1);
            trial.Run(spec);
            var (plain, watched, alone) = (new List<double>(), new List<double>(), new List<double>());
            for (var i = 0; i < Pairs; i++)
            {
                plain.Add(PerStep(trial.Run(spec, run => run.Unwatched = true)));
                var log = trial.Run(spec);
                watched.Add(PerStep(log));
                alone.Add(log.DiagnosisSeconds * 1000 / log.Steps.Count);
            }

            var (one, two) = (Median(plain), Median(watched) + Median(alone));
            yield return $"| {setting.Name} | {one:0.000} | {two:0.000} | {100 * ((two / one) - 1):0.0} % | {100 * Median(alone) / one:0.0} % |";
        }
    }

    private static double PerStep(TrialLog log) => log.Steps.Sum(s => s.StepSeconds - (s.DataSeconds ?? 0)) * 1000 / log.Steps.Count;

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
