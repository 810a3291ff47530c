using System.Globalization;
using System.Text;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;

namespace TrainTools.Bench.Cleaning.Planting;

/// <summary>Precision and recall of each check on real sets with planted noise, and what the defaults remove from the sets as they are.</summary>
internal static class PlantedBench
{
    public static int Run(Arguments arguments)
    {
        var share = arguments.Optional("share", 0.02);
        var seed = arguments.Optional("seed", 7L);
        var threads = arguments.Optional("threads", 2);
        var found = new Table(3, "set", "noise", "rule", "planted", "found", "recall", "false finds", "precision", "finds untouched", "repaired");
        var untouched = new Table(1, "set", "records", "removed", "by rule", "flagged or repaired");
        using var missed = arguments.Optional("missed") is { } missedPath ? new StreamWriter(missedPath) : null;
        var leaked = new StringBuilder("# What the sets as they are hold of their evaluation records\n");
        var removed = new StringBuilder("# What the default profiles remove from the untouched sets\n");
        foreach (var set in BenchSet.Find(arguments.Value("FOLDER"), arguments.List<string>("sets", [])))
        {
            using var evaluation = new TemporaryDataset(set.Evaluation);
            var options = new CleaningOptions { Profile = set.Profile, EvaluationPaths = [evaluation.Path], Threads = threads };
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set.Name}: {set.Records.Count:N0} records of {set.Source}, {set.Evaluation.Count} for evaluation"));
            using var plain = Clean(set.Records, options);
            Leaked(leaked, set, plain);
            var noisy = NoisySet.Make(set, Noises.For(set), share, seed);
            using var dirty = Clean(noisy.Records, options);
            Score(found, set, noisy, Finds(plain), Finds(dirty), dirty, missed);

            // As a user has it: without evaluation files, which these sets were not made against.
            using var alone = Clean(set.Records, options with { EvaluationPaths = [] });
            Untouched(untouched, removed, set, alone);
        }

        Console.WriteLine("Planted noise. Recall: share of the planted records that the rule finds. False finds: other records that it finds only since noise was planted. Finds untouched: what it finds in the set as it is.\n");
        found.Print();
        Console.WriteLine("The sets as they are, default settings of the profile that fits:\n");
        untouched.Print();
        if (arguments.Optional("removed") is { } path)
        {
            File.WriteAllText(path, removed.ToString());
        }

        if (arguments.Optional("leaked") is { } leakedPath)
        {
            File.WriteAllText(leakedPath, leaked.ToString());
        }

        return 0;
    }

    private static CleaningRun Clean(IReadOnlyList<TrainingRecord> records, CleaningOptions options) =>
        new DatasetCleaner(options).Run(new MemorySource(records));

    /// <summary>Records that each rule finds something in.</summary>
    private static Dictionary<string, HashSet<long>> Finds(CleaningRun run) => run.Verdicts
        .Where(v => v.Action != CleaningAction.None || v.Rule == "conflict.multi_answer")
        .GroupBy(v => v.Rule).ToDictionary(g => g.Key, g => g.Select(v => v.Index).ToHashSet());

    private static void Score(
        Table table, BenchSet set, NoisySet noisy, Dictionary<string, HashSet<long>> before, Dictionary<string, HashSet<long>> after, CleaningRun run, TextWriter? missed)
    {
        // A record that carries some noise, that a noise was made of, or that is found beside one, says nothing about false finds.
        var touched = noisy.Plants.SelectMany(p => new[] { (long)p.Index, p.Original }).ToHashSet();
        var kept = noisy.Plants.Any(p => p.Planting.Intended is not null) ? run.KeptRecords().ToDictionary(r => r.Index) : [];
        foreach (var group in noisy.Plants.GroupBy(p => p.Noise).OrderBy(g => g.Key.Rules[0], StringComparer.Ordinal).ThenBy(g => g.Key.Name, StringComparer.Ordinal))
        {
            var rules = group.Key.Rules;
            var hits = rules.SelectMany(r => after.GetValueOrDefault(r) ?? []).ToHashSet();
            var natural = rules.SelectMany(r => before.GetValueOrDefault(r) ?? []).ToHashSet();

            // What another rule removes (a leaked record, its copy) is no matter of this one.
            var wanted = group.Where(p => p.Planting.Expected && (hits.Contains(p.Index) || run.ActionOf(p.Index) != CleaningAction.Remove)).ToList();
            var met = wanted.Count(p => hits.Contains(p.Index) || (p.Planting.IsCopy && hits.Contains(p.Original)));
            var evidence = run.Verdicts.Where(v => rules.Contains(v.Rule)).ToLookup(v => v.Index, v => v.EvidenceIndex ?? -1);
            var wrong = hits.Count(h => !touched.Contains(h) && !natural.Contains(h) && !evidence[h].Any(touched.Contains)) + group.Count(p => !p.Planting.Expected && hits.Contains(p.Index) && !Similar(noisy, run, p));
            if (missed is not null)
            {
                foreach (var plant in wanted.Where(p => !hits.Contains(p.Index) && !(p.Planting.IsCopy && hits.Contains(p.Original))).Take(3))
                {
                    missed.WriteLine($"{set.Name}, {group.Key.Name}: {Short(plant.Planting.Record)}\n    of {Short(set.Records[plant.Original])}");
                }

                foreach (var plant in group.Where(p => p.Planting.Intended is not null && kept.ContainsKey(p.Index) && !Same(kept[p.Index], p.Planting.Intended)).Take(3))
                {
                    missed.WriteLine($"{set.Name}, repair of {group.Key.Name}: {Short(plant.Planting.Record)}\n    gave {Short(kept[plant.Index])}");
                }
            }

            var mended = group.Where(p => p.Planting.Intended is not null && kept.ContainsKey(p.Index)).ToList();
            table.Add(
                set.Name, group.Key.Name, rules[0], wanted.Count, met, wanted.Count == 0 ? double.NaN : (double)met / wanted.Count, wrong,
                met + wrong == 0 ? double.NaN : (double)met / (met + wrong), natural.Count,
                mended.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{mended.Count(p => Same(kept[p.Index], p.Planting.Intended!))} of {mended.Count}"));
        }
    }

    /// <summary>Whether a copy that was edited far is similar to the record that the verdict names after all.</summary>
    private static bool Similar(NoisySet noisy, CleaningRun run, Plant plant) => run.Verdicts.Any(v => v.Index == plant.Index
        && v.Rule is "duplicate.near" && v.EvidenceIndex is { } other && Edits.Similarity(noisy.Records[(int)other], plant.Planting.Record) >= 0.8);

    private static bool Same(TrainingRecord a, TrainingRecord b)
    {
        var (x, y) = (RecordView.Of(a), RecordView.Of(b));
        return x.Parts.Select(p => p.Text).SequenceEqual(y.Parts.Select(p => p.Text)) && x.Outcome == y.Outcome;
    }

    private static void Untouched(Table table, StringBuilder list, BenchSet set, CleaningRun run)
    {
        var by = run.Verdicts.Where(v => v.Action == CleaningAction.Remove).GroupBy(v => v.Rule).OrderBy(g => g.Key, StringComparer.Ordinal);
        var looked = run.Verdicts.Where(v => v.Action is CleaningAction.Flag or CleaningAction.Repair).GroupBy(v => v.Rule).OrderByDescending(g => g.Count());
        table.Add(set.Name, run.Records, run.Removed, string.Join(", ", by.Select(g => $"{g.Key} {g.Count()}")), string.Join(", ", looked.Select(g => $"{g.Key} {g.Count()}")));
        list.Append(CultureInfo.InvariantCulture, $"\n## {set.Name}: {run.Removed} of {run.Records}\n");
        foreach (var (record, verdicts) in run.RemovedRecords())
        {
            foreach (var verdict in verdicts.Where(v => v.Action == CleaningAction.Remove))
            {
                list.Append(CultureInfo.InvariantCulture, $"\n- {verdict.Rule} {verdict.Value:0.###} line {verdict.Line} {verdict.Detail}\n  - {Short(record)}\n");
                if (verdict.EvidenceIndex is { } evidence)
                {
                    list.Append(CultureInfo.InvariantCulture, $"  - beside line {verdict.EvidenceLine}: {Short(set.Records[(int)evidence])}\n");
                }
            }
        }
    }

    private static void Leaked(StringBuilder list, BenchSet set, CleaningRun run)
    {
        foreach (var rule in run.Verdicts.Where(v => v.Rule.StartsWith("contamination.", StringComparison.Ordinal) && v.Action != CleaningAction.None).GroupBy(v => v.Rule))
        {
            list.Append(CultureInfo.InvariantCulture, $"\n## {set.Name}: {rule.Key} {rule.Count()}\n");
            foreach (var verdict in rule)
            {
                // "like FILE(LINE)": the lines of the evaluation file are its records.
                var place = verdict.Detail!;
                var line = int.Parse(place[(place.LastIndexOf('(') + 1)..place.LastIndexOf(')')], CultureInfo.InvariantCulture);
                list.Append(CultureInfo.InvariantCulture, $"\n- {verdict.Value:0.000} {Short(set.Records[(int)verdict.Index])}\n  - {Short(set.Evaluation[line - 1])}\n");
            }
        }
    }

    private static string Short(TrainingRecord record)
    {
        var view = RecordView.Of(record);
        var text = string.Join(" => ", new[] { view.Input, view.Output, view.Outcome }.Where(t => t is not null)).ReplaceLineEndings(" ");
        return text.Length > 400 ? text[..400] + "…" : text;
    }

    private sealed class MemorySource(IReadOnlyList<TrainingRecord> records) : IRecordSource
    {
        public IReadOnlyList<string> Files => [];

        public IEnumerable<TrainingRecord> Read(CancellationToken cancellationToken) => records;
    }

    /// <summary>Records as a file for the time of a test.</summary>
    private sealed class TemporaryDataset : IDisposable
    {
        public TemporaryDataset(IEnumerable<TrainingRecord> records)
        {
            Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"traintools-{System.IO.Path.GetRandomFileName()}.jsonl");
            using var writer = new DatasetWriter(Path);
            foreach (var record in records)
            {
                writer.Write(record);
            }

            writer.Complete();
        }

        public string Path { get; }

        public void Dispose() => File.Delete(Path);
    }
}
