using TrainTools.Bench.Diagnosis.Baselines;

namespace TrainTools.Bench.Diagnosis;

/// <summary>The tables, as Markdown.</summary>
internal static class Tables
{
    public static IEnumerable<string> Write(IReadOnlyList<Judgement> all)
    {
        var healthy = all.Where(j => j.Truth == Truth.Healthy).ToList();
        var effective = all.Where(j => j.Truth == Truth.Effective).ToList();
        var latent = all.Where(j => j.Truth == Truth.Latent).ToList();
        var odd = all.Count(j => j.Truth == Truth.NotHealthyAfterAll);
        yield return $"{healthy.Count} healthy runs ({odd} more overfitted or did not learn, and count nowhere), {effective.Count} runs with an effective fault, {latent.Count} with a latent one; {all.Sum(j => j.Log.Steps.Count):N0} steps.";
        yield return "";
        yield return "### In total";
        yield return "";
        foreach (var line in Totals(healthy, effective))
        {
            yield return line;
        }

        yield return "";
        yield return "### By fault (effective runs)";
        yield return "";
        yield return "| fault | runs | recall | median delay, steps | cause first | cause within 3 | remedy improves |";
        yield return "|---|---|---|---|---|---|---|";
        foreach (var group in effective.GroupBy(j => j.Log.Spec.What).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var detected = group.Where(j => j.Warnings.Count > 0).ToList();
            yield return $"| {group.Key} | {group.Count()} | {new Share(detected.Count, group.Count())} | {Median(detected.Select(j => j.Delay!.Value))} | {Short(detected.Count(j => j.CauseRank == 1), detected.Count)} | {Short(detected.Count(j => j.CauseRank <= 3), detected.Count)} | {Improved(group)} |";
        }

        yield return "";
        yield return "### By symptom (warnings and errors that stand for themselves)";
        yield return "";
        yield return "| symptom | effective runs | latent runs | healthy runs | precision | right cause within 3 |";
        yield return "|---|---|---|---|---|---|";
        foreach (var symptom in all.SelectMany(j => j.Warnings.Select(w => w.Symptom)).Distinct().Order(StringComparer.Ordinal))
        {
            bool Has(Judgement j) => j.Warnings.Any(w => w.Symptom == symptom);
            var (e, l, h) = (effective.Where(Has).ToList(), latent.Count(Has), healthy.Count(Has));
            var right = e.Count(j => j.Warnings.First(w => w.Symptom == symptom).Causes.Take(3).Any(c => j.RightCauses.Contains(c.Id)));
            yield return $"| {symptom} | {e.Count} | {l} | {h} | {new Share(e.Count, e.Count + h)} | {Short(right, e.Count)} |";
        }

        yield return "";
        yield return "### Other rules on the same logs";
        yield return "";
        yield return "| rule | recall | precision | healthy runs with an alarm | alarms in 1,000 healthy steps |";
        yield return "|---|---|---|---|---|";
        yield return Compared("TrainTools", healthy, effective, j => j.Warnings.Select(w => w.RaisedAtStep));
        foreach (var baseline in IBaseline.All)
        {
            yield return Compared(baseline.Name, healthy, effective, j => baseline.Alarms(j.Log).Where(a => a >= j.Log.Onset));
        }

        yield return "";
        yield return "### Latent faults (no effect on the result)";
        yield return "";
        yield return "| fault | runs | warned of | told of (information as well) | right cause within 3 where warned |";
        yield return "|---|---|---|---|---|";
        foreach (var group in latent.GroupBy(j => j.Log.Spec.What).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var warned = group.Where(j => j.Warnings.Count > 0).ToList();
            yield return $"| {group.Key} | {group.Count()} | {warned.Count} | {group.Count(j => j.Diagnoses.Count > 0)} | {Short(warned.Count(j => j.CauseRank <= 3), warned.Count)} |";
        }
    }

    /// <summary>A line for every run that was judged wrongly.</summary>
    public static IEnumerable<string> Mistakes(IReadOnlyList<Judgement> all)
    {
        foreach (var j in all.Where(j => j.Truth == Truth.Healthy && j.Warnings.Count > 0))
        {
            yield return $"false alarm  {j.Log.Spec}: {string.Join(" | ", j.Warnings.Select(w => $"{w.Symptom}@{w.RaisedAtStep} {w.Summary}"))}";
        }

        foreach (var j in all.Where(j => j.Truth == Truth.NotHealthyAfterAll))
        {
            yield return $"not healthy  {j.Log.Spec}: test {j.Log.TestLoss:0.000}; evaluations {string.Join(" ", j.Log.Evaluations.Select(e => e.Metrics["eval_loss"].ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)))}; {string.Join(" | ", j.Warnings.Select(w => w.Symptom))}";
        }

        foreach (var j in all.Where(j => j.Truth == Truth.Effective && j.Warnings.Count == 0))
        {
            yield return $"missed       {j.Log.Spec} from {j.Log.Onset}: test {j.Log.TestLoss:0.000}; loss {j.Log.Steps[0].Loss:0.00} to {j.Log.Steps.TakeLast(10).Average(s => s.Loss):0.00}; evaluations {string.Join(" ", j.Log.Evaluations.Select(e => e.Metrics["eval_loss"].ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)))}; {string.Join(" | ", j.Diagnoses.Select(d => $"{d.Severity} {d.Symptom}"))}";
        }

        foreach (var j in all.Where(j => j.Truth == Truth.Effective && j.Warnings.Count > 0 && j.CauseRank is null or > 1))
        {
            yield return $"cause {(j.CauseRank is { } r ? $"rank {r}" : "none  ")} {j.Log.Spec}: {string.Join(" | ", j.Warnings.Select(w => $"{w.Symptom}@{w.RaisedAtStep}({string.Join(",", w.Causes.Take(3).Select(c => c.Id))})"))}";
        }

        foreach (var j in all.Where(j => j.Truth == Truth.Effective && j.Improved == false))
        {
            yield return $"no better    {j.Log.Spec}: {(j.Warnings is [var first, ..] ? first.Symptom : "nothing said")}, {j.Log.Remedy!.What}; test {j.Log.TestLoss:0.000}, then {j.Log.Remedy.TestLoss:0.000}, reference {j.Band.Mean:0.000} ± {j.Band.Deviation:0.000}";
        }
    }

    private static IEnumerable<string> Totals(List<Judgement> healthy, List<Judgement> effective)
    {
        var detected = effective.Where(j => j.Warnings.Count > 0).ToList();
        var alarmed = healthy.Count(j => j.Warnings.Count > 0);
        var alarms = healthy.Sum(j => j.Warnings.Count);
        var tried = effective.Where(j => j.Improved is not null).ToList();
        yield return "| | share (95 % interval), of runs |";
        yield return "|---|---|";
        yield return $"| recall of effective faults | {new Share(detected.Count, effective.Count)} |";
        yield return $"| precision | {new Share(detected.Count, detected.Count + alarmed)} |";
        yield return $"| healthy runs with a warning or worse | {new Share(alarmed, healthy.Count)} |";
        yield return $"| warnings in 1,000 healthy steps | {1000.0 * alarms / Math.Max(1, healthy.Sum(j => j.Log.Steps.Count)):0.00} |";
        yield return $"| right cause first, of detected | {new Share(detected.Count(j => j.CauseRank == 1), detected.Count)} |";
        yield return $"| right cause within three, of detected | {new Share(detected.Count(j => j.CauseRank <= 3), detected.Count)} |";
        yield return $"| median delay | {Median(detected.Select(j => j.Delay!.Value))} steps |";
        if (tried.Count > 0)
        {
            var settings = tried.Where(j => j.Log.Remedy!.BySettings).ToList();
            yield return $"| first remedy improves, of detected | {new Share(tried.Count(j => j.Improved == true), tried.Count)} |";
            yield return $"| … where it is a change of settings | {new Share(settings.Count(j => j.Improved == true), settings.Count)} |";
            yield return $"| … of all effective faults | {new Share(tried.Count(j => j.Improved == true), effective.Count)} |";
            yield return $"| back within three deviations of healthy | {new Share(tried.Count(j => j.Log.Remedy!.Recovers(j.Band)), tried.Count)} |";
        }

        var all = healthy.Concat(effective).ToList();
        yield return $"| time of diagnosis over time of training | {100 * all.Sum(j => j.Log.DiagnosisSeconds) / Math.Max(1e-9, all.Sum(j => j.Log.TrainSeconds)):0.00} % |";
    }

    private static string Compared(string name, List<Judgement> healthy, List<Judgement> effective, Func<Judgement, IEnumerable<int>> alarms)
    {
        var detected = effective.Count(j => alarms(j).Any());
        var alarmed = healthy.Count(j => alarms(j).Any());
        return $"| {name} | {new Share(detected, effective.Count)} | {new Share(detected, detected + alarmed)} | {new Share(alarmed, healthy.Count)} | {1000.0 * healthy.Sum(j => alarms(j).Count()) / Math.Max(1, healthy.Sum(j => j.Log.Steps.Count)):0.00} |";
    }

    private static string Improved(IEnumerable<Judgement> runs)
    {
        var list = runs.Where(j => j.Improved is not null).ToList();
        return Short(list.Count(j => j.Improved == true), list.Count);
    }

    private static string Short(int hits, int all) => all == 0 ? "–" : FormattableString.Invariant($"{(double)hits / all:0.00}");

    private static string Median(IEnumerable<int> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? "–" : sorted[sorted.Length / 2].ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
