namespace TrainTools.Bench.Diagnosis;

/// <summary>
/// Finds the learning rate of a setting: of five, the lowest whose result is within 2 % of the best, so that the rates of
/// healthy runs keep their distance from where training becomes unstable.
/// </summary>
internal sealed class RateFinder(Trial trial, string cacheFolder)
{
    private static readonly double[] Rates = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2];

    public Setting Tune(Setting setting)
    {
        var path = Path.Combine(cacheFolder, "rate-" + setting.Name.Replace('/', '-').Replace('.', '-') + ".txt");
        if (File.Exists(path))
        {
            return setting with { Rate = double.Parse(File.ReadAllText(path), System.Globalization.CultureInfo.InvariantCulture) };
        }

        var tried = Rates
            .Select(rate => (Rate: rate, Loss: trial.Run(new TrialSpec(setting with { Rate = rate }, "healthy", "rate", 0, 1)).TestLoss))
            .Where(r => double.IsFinite(r.Loss)).ToList();
        var least = tried.Min(r => r.Loss);
        var best = tried.First(r => r.Loss <= 1.02 * least).Rate;
        File.WriteAllText(path, best.ToString("R", System.Globalization.CultureInfo.InvariantCulture));
        return setting with { Rate = best };
    }
}
