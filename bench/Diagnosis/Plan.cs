namespace TrainTools.Bench.Diagnosis;

/// <summary>Which trials are run: the references first, then the faults, then the odd ones that are sound.</summary>
internal static class Plan
{
    public static IEnumerable<(TrialSpec Spec, Func<Trial, TrialLog> Run)> Make(Options options, IReadOnlyList<Setting> settings)
    {
        var references = settings.SelectMany(s => Healthy(s, HealthyVariants.All[0], options.References, options));
        var others = options.Healthy ? settings.SelectMany(s => HealthyVariants.All.Skip(1).Where(v => v.Fits(s)).SelectMany(v => Healthy(s, v, options.Others, options))) : [];
        return references.Concat(Faulty(options, settings)).Concat(others);
    }

    private static IEnumerable<(TrialSpec Spec, Func<Trial, TrialLog> Run)> Healthy(
        Setting setting, (string Name, Func<Setting, bool> Fits, Action<Injection> Change) variant, int seeds, Options options)
    {
        for (var i = 0; i < seeds; i++)
        {
            var spec = new TrialSpec(setting, "healthy", variant.Name, 0, options.Seeds[0] + 1000 + i);
            yield return (spec, trial => trial.Run(spec, variant.Change));
        }
    }

    private static IEnumerable<(TrialSpec Spec, Func<Trial, TrialLog> Run)> Faulty(Options options, IReadOnlyList<Setting> settings)
    {
        var turn = 0;
        foreach (var fault in options.Faults)
        {
            Setting[] fitting = [.. settings.Where(fault.Fits)];
            foreach (var severity in options.Severities)
            {
                foreach (var seed in options.Seeds)
                {
                    var chosen = options.Spread && fitting.Length > 0 ? [fitting[turn++ % fitting.Length]] : fitting;
                    foreach (var setting in chosen)
                    {
                        var spec = new TrialSpec(setting, "fault", fault.Name, severity, seed);
                        yield return (spec, trial => trial.Run(spec, fault));
                    }
                }
            }
        }
    }
}
