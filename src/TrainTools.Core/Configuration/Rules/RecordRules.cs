using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;
using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on the records as they stand in the files.</summary>
internal static class RecordRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "DataReadable",
            Title = "Every line of the data can be read",
            Settings = ["dataset_path", "dataset_format", "validation_path"],
            Source = Sources.Semantics,
            Levels = "Error for lines that are not records, and where a file cannot be read",
            Why = "A run reads its data strictly: it ends at the first bad line.",
            ReadsData = true,
            Test = c => [.. Readable(c.Facts.Sample, "dataset_path"), .. Readable(c.Facts.ValidationSample, "validation_path")],
        },
        new()
        {
            Id = "DataFitsTask",
            Title = "The records have what the task needs",
            Settings = ["dataset_path", "task_type", "dataset_format"],
            Source = Sources.Semantics,
            Levels = "Error",
            Why = "A run ends at the first record that has nothing to learn for its task.",
            ReadsData = true,
            Test = FitsTask,
        },
        new()
        {
            Id = "ValidationOverlap",
            Title = "Validation records are not trained on",
            Settings = ["validation_path", "validation_split", "dataset_path"],
            Source = "Lee et al., Deduplicating Training Data Makes Language Models Better (2022)",
            Levels = "Error where more than half of the validation records are training records, Warning for any; Warning where a split would part equal records (more than 1 %)",
            Why = "What the model has seen says nothing about what it has learnt: the evaluation looks too good, and early stopping acts too late.",
            ReadsData = true,
            Test = Overlap,
        },
        new()
        {
            Id = "LabelsInData",
            Title = "The labels make a task",
            Settings = ["labels", "label_field", "task_type", "validation_path"],
            Source = Sources.Semantics,
            Levels = "Error where the labels make no task (one only, numbers mixed with words, words without tags) or validation or the label list and the training data disagree; Warning where one has 95 % of the records",
            Why = "A label that training never shows cannot be learnt, and with one label there is nothing to tell apart.",
            ReadsData = true,
            Test = Labels,
        },
        new()
        {
            Id = "PackingSingleTurn",
            Title = "Packing of single questions and answers is meant",
            Settings = ["packing", "packing_strategy", "max_length"],
            Source = "the tuning notes' caveat; TRL issues 1230 and 3067",
            Levels = "Warning with packing_strategy wrapped, Info where more than 8 records fill a row",
            Why = "Packing many short single-turn records divides the number of updates, and where documents see each other it teaches answers to other questions.",
            ReadsData = true,
            Test = SingleTurn,
        },
    ];

    /// <summary>Whether a record is one question with one answer.</summary>
    internal static bool IsSingleTurn(TrainingRecord record) => record.Shape switch
    {
        RecordShape.PromptCompletion => true,
        RecordShape.Messages => record.Messages!.Count(m => m.Role == "assistant") <= 1,
        RecordShape.ConversationalPromptCompletion => record.Messages!.All(m => m.Role != "assistant"),
        _ => false,
    };

    /// <summary>Whether nearly all records of a sample are one question with one answer.</summary>
    internal static bool AreSingleTurn(DataSample? sample) =>
        sample is { Records.Count: > 0 } && sample.Records.Count(IsSingleTurn) >= 0.9 * sample.Records.Count;

    private static IEnumerable<ConfigFinding> Readable(DataSample? sample, string setting)
    {
        if (sample is { ProblemCount: > 0 })
        {
            var first = sample.Problems[0];
            var none = sample.Records.Count == 0;
            var fields = none && first.ErrorId == ErrorIds.DatasetShapeUnknown;
            return Found(
                Error,
                $"{first.File}({first.Line}): {first.Reason.TrimEnd('.')}.{(sample.ProblemCount == 1 ? string.Empty : none ? $" None of the first {sample.ProblemCount} records can be read." : $" In all {sample.ProblemCount} of the first {sample.Records.Count + sample.ProblemCount} records cannot be read.")}",
                "records only",
                remedy: fields ? "Say which fields to read: prompt_field and completion_field, messages_field, text_field, or label_field; nested fields must be brought to the top first." : "Mend or delete the lines, or let Invoke-DatasetClean leave them out.",
                setting: setting,
                evidence: [.. sample.Problems.Take(5).Select(p => $"{Path.GetFileName(p.File)}({p.Line}): {p.Reason}")],
                errorId: first.ErrorId);
        }

        return sample?.ReadFailure is { } failure
            ? Found(Error, failure.Message, "files that can be read", remedy: failure.Remedy, setting: setting, errorId: failure.ErrorId)
            : None;
    }

    private static IEnumerable<ConfigFinding> FitsTask(RuleContext c)
    {
        var records = c.Facts.Sample?.Records ?? [];
        RecordShape[] fitting = c.Config.Task.TaskType switch
        {
            TaskType.SequenceClassification => [RecordShape.Classification],
            TaskType.TokenClassification => [RecordShape.TokenClassification],
            TaskType.MaskedLm => [RecordShape.Text],
            _ => [RecordShape.Text, RecordShape.Messages, RecordShape.PromptCompletion, RecordShape.ConversationalPromptCompletion],
        };
        var others = records.Where(r => !fitting.Contains(r.Shape)).ToList();
        if (others.Count == 0)
        {
            return None;
        }

        var shape = others[0].Shape;
        TaskType? task = others.Count < records.Count ? null : shape switch
        {
            RecordShape.Classification => TaskType.SequenceClassification,
            RecordShape.TokenClassification => TaskType.TokenClassification,
            _ => c.Practice.IsClassifier && c.Facts.Model is not { IsEncoder: true } && shape is not (RecordShape.Preference or RecordShape.Text) ? TaskType.CausalLm : null,
        };
        return Found(
            Error,
            $"{Percent((double)others.Count / records.Count)} of the records are {Name(shape)}; {ConfigSchema.Get("task_type").Format(c.Config.Task.TaskType)} learns from {Names(fitting)}{(others.Count < records.Count ? $" (first in {Place(others[0])})" : string.Empty)}.",
            Names(fitting),
            task is null ? null : [("task_type", task)],
            shape switch
            {
                RecordShape.Preference => "Nothing here learns from pairs of a chosen and a rejected answer; take the chosen answers alone (prompt and completion).",
                _ when c.Practice.IsClassifier => "Or name the fields that hold text and label (text_field, label_field).",
                _ when task is null => "Choose the task_type that fits the data, or name the fields (text_field, prompt_field, completion_field, messages_field).",
                _ => null,
            },
            evidence: [.. others.Take(3).Select(r => $"{Place(r)}: {Shorten(string.Join(" | ", RecordText.Parts(r)))}")], errorId: ErrorIds.RecordShapeUnsupported);
    }

    private static string Name(RecordShape shape) => shape switch
    {
        RecordShape.Messages => "conversations",
        RecordShape.PromptCompletion => "prompts with completions",
        RecordShape.ConversationalPromptCompletion => "conversations with completions",
        RecordShape.Preference => "preferences (chosen and rejected answers)",
        RecordShape.Classification => "texts with labels",
        RecordShape.TokenClassification => "words with tags",
        _ => "plain texts",
    };

    private static string Names(RecordShape[] shapes) => string.Join(", ", shapes.Select(Name));

    private static IEnumerable<ConfigFinding> Overlap(RuleContext c)
    {
        if (c.Facts.Sample is not { Records.Count: > 0 } sample)
        {
            return None;
        }

        var seen = new Dictionary<UInt128, TrainingRecord>();
        var repeated = new List<(TrainingRecord Record, TrainingRecord First)>();
        foreach (var record in sample.Records)
        {
            var hash = RecordText.Hash(RecordText.Parts(record));
            if (!seen.TryAdd(hash, record))
            {
                repeated.Add((record, seen[hash]));
            }
        }

        if (c.Facts.ValidationSample is { Records.Count: > 0 } validation)
        {
            var known = validation.Records.Select(r => (Record: r, First: seen.GetValueOrDefault(RecordText.Hash(RecordText.Parts(r))))).Where(p => p.First is not null).ToList();
            var share = (double)known.Count / validation.Records.Count;
            return known.Count == 0 ? None : Found(
                share > 0.5 ? Error : Warning,
                $"{known.Count} of {validation.Records.Count} validation records ({Percent(share)}) are among the{(sample.IsComplete ? string.Empty : $" first {sample.Records.Count}")} training records.",
                "none",
                remedy: "Take them out of one of the two; Split-TrainingDataset makes a split without them.",
                evidence: [.. known.Take(3).Select(p => $"{Place(p.Record)} = {Place(p.First!)}: {Shorten(string.Join(" | ", RecordText.Parts(p.Record)))}")]);
        }

        var repeats = (double)repeated.Count / sample.Records.Count;
        return c.Config.Data.ValidationSplit is not > 0 || repeats <= 0.01 ? None : Found(
            Warning,
            $"{repeated.Count} of {sample.Records.Count} training records ({Percent(repeats)}) are there twice; validation_split would put one of a pair on each side.",
            "at most 1 %",
            remedy: "Remove duplicates with Invoke-DatasetClean, or split with Split-TrainingDataset.",
            setting: "validation_split",
            evidence: [.. repeated.Take(3).Select(p => $"{Place(p.Record)} = {Place(p.First)}: {Shorten(string.Join(" | ", RecordText.Parts(p.Record)))}")]);
    }

    private static IEnumerable<ConfigFinding> Labels(RuleContext c)
    {
        if (!c.Practice.IsClassifier || c.Facts.Sample is not { Records.Count: > 0 } sample)
        {
            return None;
        }

        if (c.LabelProblem is { } problem)
        {
            return LabelsMakeNoTask(c.Config.Task.Labels, sample, problem);
        }

        return c.Labels is not { } labels ? None : [.. ValidationLabels(c, sample, labels), .. LabelShares(sample, labels)];
    }

    private static IEnumerable<ConfigFinding> LabelsMakeNoTask(IReadOnlyList<string> given, DataSample sample, TrainToolsException problem)
    {
        switch (problem.ErrorId)
        {
            case ErrorIds.LabelUnknown:
                var known = new LabelSet(given);
                var unlisted = sample.Records.SelectMany(LabelsOf).Distinct(StringComparer.Ordinal).Where(l => known.Find(l) < 0).Order(StringComparer.Ordinal).ToList();
                return Found(Error, $"The data has labels that the list lacks: {string.Join(", ", unlisted.Take(5))} (first in {FirstPlace(sample, unlisted[0])}).", string.Join(", ", given), [("labels", SettingList.From(given.Concat(unlisted)))], evidence: [.. FirstOf(sample, unlisted)], errorId: ErrorIds.LabelUnknown);
            case ErrorIds.LabelsOneClass when !sample.IsComplete:
                return Found(Warning, $"The first {ConfigText.Plural(sample.Records.Count, "record")} have one label: '{LabelsOf(sample.Records[0]).First()}'.", "two labels or more", remedy: "Check label_field and the data.");
            case ErrorIds.LabelMissing or ErrorIds.LabelsMixed or ErrorIds.LabelsOneClass or ErrorIds.LabelNotNumber or ErrorIds.TokenTagMismatch:
                return Found(Error, problem.Message, "labels that can be learnt", remedy: problem.Remedy, errorId: problem.ErrorId);
            default:
                return None; // of the model, the list or the records' shape: other rules say so
        }
    }

    private static IEnumerable<ConfigFinding> ValidationLabels(RuleContext c, DataSample sample, LabelSet labels)
    {
        if (c.Facts.ValidationSample is not { Records.Count: > 0 } validation)
        {
            return None;
        }

        // Where not all training records were read, others may show the label; what the list or the model names is certain.
        if (labels.Problem != ProblemType.Regression && (sample.IsComplete || c.Config.Task.Labels.Count > 0))
        {
            var unseen = validation.Records.SelectMany(LabelsOf).Distinct(StringComparer.Ordinal).Where(l => labels.Find(l) < 0).ToList();
            if (unseen.Count > 0)
            {
                return Found(Error, $"Validation has labels that training never shows: {string.Join(", ", unseen.Take(5))} (first in {FirstPlace(validation, unseen[0])}).", "labels of the training data", remedy: "Split the data so that each label is on both sides (Split-TrainingDataset -Stratify).", setting: "validation_path", evidence: [.. FirstOf(validation, unseen)], errorId: ErrorIds.LabelUnknown);
            }
        }

        return validation.Records.Select(r => Refusal(r, labels)).FirstOrDefault(e => e is not null && e.ErrorId != ErrorIds.LabelUnknown) is { } refusal
            ? Found(Error, refusal.Message, "records like those of the training data", remedy: refusal.Remedy, setting: "validation_path", errorId: refusal.ErrorId)
            : None;
    }

    // Why a run would end at a held-out record; null where it would not.
    private static TrainToolsException? Refusal(TrainingRecord record, LabelSet labels)
    {
        try
        {
            if (record.Shape == RecordShape.Classification)
            {
                RowTargets.Of(record, labels);
            }

            return record.Shape == RecordShape.TokenClassification && record.Tokens!.Count != record.Tags!.Count ? LabelDiscovery.Mismatch(record) : null;
        }
        catch (TrainToolsException e)
        {
            return e;
        }
    }

    private static IEnumerable<ConfigFinding> LabelShares(DataSample sample, LabelSet labels)
    {
        var counts = sample.Records.SelectMany(LabelsOf).GroupBy(l => l, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        if (counts.Count == 0 || labels.Problem == ProblemType.MultiLabelClassification)
        {
            return None;
        }

        // In tagging, O has most of the words by nature.
        var (label, most) = counts.MaxBy(p => p.Value);
        var share = (double)most / counts.Values.Sum();
        return counts.Count == 1
            ? Found(Warning, $"Every {(labels.Problem is null ? "word" : "record")} has the label '{label}': there is nothing to tell apart.", "two labels or more", remedy: "Check label_field and the data.")
            : share > 0.95 && labels.Problem == ProblemType.SingleLabelClassification
                ? Found(Warning, $"{Percent(share)} of the records have the label '{label}': a model that always says so is right that often.", "a more even share", remedy: "Collect more of the others, and judge by F1 instead of accuracy.")
                : None;
    }

    private static IEnumerable<ConfigFinding> SingleTurn(RuleContext c)
    {
        if (c.Config.Data.Packing != true || c.Facts.Sample is not { Rows.Count: > 0, MeanTokens: { } mean } sample
            || !AreSingleTurn(sample) || c.Outline is not { } run)
        {
            return None;
        }

        var perRow = (double)run.Records / run.Rows;
        var plain = RunOutline.Create(c.Config with { Data = c.Config.Data with { Packing = false } }, c.Facts.Data)!;
        var figures = $"The records are single questions and answers of {mean:0} tokens on average"
            + (perRow >= 1 ? $"; about {perRow:0.#} go into a row, and {plain.Plan.MaxSteps} updates become {run.Plan.MaxSteps}." : ".");
        return c.Config.Data.PackingStrategy == PackingStrategy.Wrapped
            ? Found(Warning, figures + " With wrapped they see each other.", "bfd, or no packing", [("packing_strategy", PackingStrategy.Bfd)], setting: "packing_strategy")
            : perRow > 8 ? Found(Info, figures + " They are kept apart; check that learning rate and warm-up suit so few, larger steps.", "at most 8 records a row", [("packing", false)])
            : None;
    }

    private static IEnumerable<string> LabelsOf(TrainingRecord record) =>
        record.Labels ?? record.Tags ?? (record.Label is null ? [] : (IReadOnlyList<string>)[record.Label]);

    private static string FirstPlace(DataSample sample, string label) =>
        Place(sample.Records.First(r => LabelsOf(r).Contains(label, StringComparer.Ordinal)));

    private static IEnumerable<string> FirstOf(DataSample sample, List<string> labels) => labels.Take(3)
        .Select(l => sample.Records.First(r => LabelsOf(r).Contains(l, StringComparer.Ordinal)))
        .Select(r => $"{Place(r)}: {Shorten(string.Join(", ", LabelsOf(r)))}");

    private static string Place(TrainingRecord record) => SampleEncoder.Place(record with { SourceFile = Path.GetFileName(record.SourceFile) });
}
