using TrainTools.Core.Cleaning.Checks;
using TrainTools.Core.Cleaning.Records;
using TrainTools.Core.Cleaning.Sets;
using TrainTools.Core.Data;

namespace TrainTools.Core.Cleaning.Reports;

/// <summary>Makes the report of a run.</summary>
internal static class CleaningReportBuilder
{
    private const int ExamplesPerRule = 5;
    private const int ExampleCharacters = 300;

    /// <summary>Makes the report; reads the source again for the examples.</summary>
    public static CleaningReport Build(CleaningRun run, CancellationToken cancellationToken)
    {
        var rules = Rules(run, cancellationToken);
        return new CleaningReport
        {
            Options = run.Options,
            Inputs = [.. run.Files.Where(File.Exists).Select(CleaningReport.Hash)],
            Records = run.Records,
            Kept = run.Kept,
            Removed = run.Removed,
            Changed = run.Changed,
            Rules = rules,
            LengthUnit = run.Options.Tokenizer is null ? "words" : "tokens",
            LengthBefore = Quantiles(run, _ => true),
            LengthAfter = Quantiles(run, r => run.ActionOf(r) != CleaningAction.Remove),
            LengthHistogram = Histogram(run),
            DuplicateGroups = Groups(run),
            LabelNoise = run.Summary.LabelNoise,
            Classes = run.Summary.Classes,
            ConfidentJoint = run.Summary.Joint,
            Warnings = [.. Warnings(run, rules)],
            Seconds = run.Elapsed.TotalSeconds,
        };
    }

    private static List<RuleSummary> Rules(CleaningRun run, CancellationToken cancellationToken)
    {
        var removers = new Dictionary<int, int>();
        foreach (var (record, _) in run.Findings.Where(f => f.Finding.Action == CleaningAction.Remove).DistinctBy(f => (f.Record, f.Finding.Rule)))
        {
            removers[record] = removers.GetValueOrDefault(record) + 1;
        }

        var byRule = run.Findings.GroupBy(f => f.Finding.Rule).OrderBy(g => g.Key.Number).ToList();
        var chosen = byRule.ToDictionary(
            g => g.Key,
            g => g.Where(f => f.Finding.Action != CleaningAction.None).DistinctBy(f => f.Record).Take(ExamplesPerRule).ToList());
        var texts = Texts(run, chosen.Values.SelectMany(l => l), cancellationToken);
        return [.. byRule.Select(g => new RuleSummary
        {
            Rule = g.Key.Id,
            Description = g.Key.Description,
            Threshold = run.Options.Threshold(g.Key),
            Records = Count(g, a => a != CleaningAction.None),
            Removed = Count(g, a => a == CleaningAction.Remove),
            RemovedAlone = g.Where(f => f.Finding.Action == CleaningAction.Remove && removers[f.Record] == 1).Select(f => f.Record).Distinct().Count(),
            Changed = Count(g, a => a is CleaningAction.Repair or CleaningAction.Mask),
            Noted = Count(g, a => a == CleaningAction.None),
            Examples = [.. chosen[g.Key].Select(f => Example(run, f, texts))],
        })];

        static int Count(IEnumerable<(int Record, Finding Finding)> findings, Func<CleaningAction, bool> wanted) =>
            findings.Where(f => wanted(f.Finding.Action)).Select(f => f.Record).Distinct().Count();
    }

    private static RuleExample Example(CleaningRun run, (int Record, Finding Finding) find, Dictionary<int, string> texts)
    {
        var verdict = run.Verdict(find.Record, find.Finding);
        return new RuleExample(verdict, texts[find.Record], find.Finding.Evidence < 0 ? null : texts[find.Finding.Evidence]);
    }

    /// <summary>The beginnings of the records that examples need, in one pass that ends with the last of them.</summary>
    private static Dictionary<int, string> Texts(CleaningRun run, IEnumerable<(int Record, Finding Finding)> finds, CancellationToken cancellationToken)
    {
        var wanted = finds.SelectMany(f => new[] { f.Record, f.Finding.Evidence }).Where(r => r >= 0).ToHashSet();
        var texts = new Dictionary<int, string>();
        if (wanted.Count == 0)
        {
            return texts;
        }

        var last = wanted.Max();
        foreach (var (record, number) in run.All(cancellationToken))
        {
            if (wanted.Contains(number))
            {
                texts[number] = Snippet(record);
            }

            if (number == last)
            {
                break;
            }
        }

        return texts;
    }

    private static string Snippet(TrainingRecord record)
    {
        var view = RecordView.Of(record);
        var text = string.Join("\n→ ", new[] { view.Input, view.Output?.Replace(RecordView.Joint.ToString(), "\n⇄ ", StringComparison.Ordinal), view.Outcome?.Replace(RecordView.Joint, ' ') }.Where(t => t is not null));
        return text.Length <= ExampleCharacters ? text : $"{text[..(ExampleCharacters / 2)]} […] {text[^(ExampleCharacters / 2)..]}";
    }

    private static LengthQuantiles? Quantiles(CleaningRun run, Func<int, bool> wanted)
    {
        var lengths = Enumerable.Range(0, run.Records).Where(wanted).Select(r => (double)run.Table.Total(r)).Order().ToList();
        return lengths.Count == 0 ? null : new LengthQuantiles(
            lengths[0], LengthStage.Quantile(lengths, 0.05), LengthStage.Quantile(lengths, 0.25), LengthStage.Quantile(lengths, 0.5),
            LengthStage.Quantile(lengths, 0.75), LengthStage.Quantile(lengths, 0.95), lengths[^1]);
    }

    /// <summary>Ranges from 0, 1, 2, 3, 4, 6, 8, 12, 16, …: half octaves, for lengths spread over orders of magnitude.</summary>
    private static List<LengthBin> Histogram(CleaningRun run)
    {
        var bins = new List<LengthBin>();
        var from = 0;
        var to = 1;
        var lengths = Enumerable.Range(0, run.Records).Select(r => (Length: run.Table.Total(r), Kept: run.ActionOf(r) != CleaningAction.Remove)).OrderBy(r => r.Length).ToList();
        for (var at = 0; at < lengths.Count;)
        {
            var (before, after) = (0, 0);
            for (; at < lengths.Count && lengths[at].Length < to; at++)
            {
                before++;
                after += lengths[at].Kept ? 1 : 0;
            }

            if (before > 0 || bins.Count > 0)
            {
                bins.Add(new LengthBin(from, to, before, after));
            }

            (from, to) = (to, to < 4 ? to + 1 : int.IsPow2(to) ? to * 3 / 2 : to * 4 / 3);
        }

        return bins;
    }

    private static SortedDictionary<int, int> Groups(CleaningRun run)
    {
        var sizes = new Dictionary<int, int>();
        foreach (var (_, finding) in run.Findings)
        {
            if (finding.Rule.Check == "duplicate" && finding.Action == CleaningAction.Remove)
            {
                sizes[finding.Evidence] = sizes.GetValueOrDefault(finding.Evidence, 1) + 1;
            }
        }

        return new SortedDictionary<int, int>(sizes.GroupBy(s => s.Value).ToDictionary(g => g.Key, g => g.Count()));
    }

    private static IEnumerable<string> Warnings(CleaningRun run, List<RuleSummary> rules)
    {
        const double Much = 0.05;
        foreach (var rule in rules)
        {
            if (rule.Removed > Much * run.Records)
            {
                yield return FormattableString.Invariant($"{rule.Rule} removes {rule.Removed} of {run.Records} records ({100.0 * rule.Removed / run.Records:F1} %): look at its examples before you use the result.");
            }
        }

        if (run.Summary.LabelNoise is > 0.02 and var noise)
        {
            yield return FormattableString.Invariant($"About {100 * noise:F1} % of the labels seem wrong. From 2 % on label smoothing of 0.05 to 0.1 helps, from 10 % on also a curriculum and fewer epochs.");
        }

        if (run.Kept == 0 && run.Records > 0)
        {
            yield return "No record is kept.";
        }
    }
}
