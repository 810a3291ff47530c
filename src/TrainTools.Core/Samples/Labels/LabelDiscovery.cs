using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;

namespace TrainTools.Core.Samples.Labels;

/// <summary>
/// Finds a run's label set: the configuration's, else the model's where it knows every label of the data, else the data's
/// own. Everything that a label can be wrong by is found here, before a model is loaded, and named by file and line.
/// </summary>
public static class LabelDiscovery
{
    /// <summary>The label set of a configuration.</summary>
    /// <param name="config">The configuration; its model folder may hold labels already.</param>
    /// <param name="training">The training records.</param>
    /// <exception cref="TrainToolsException">RecordShapeUnsupported, LabelMissing, LabelUnknown, LabelsMixed, LabelsOneClass, LabelNotNumber, TokenTagMismatch.</exception>
    public static LabelSet Find(TrainingConfig config, IEnumerable<TrainingRecord> training)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(training);
        var tagging = config.Task.TaskType == TaskType.TokenClassification;
        var model = ModelLabels.Read(config.Model.ModelNameOrPath, config.Task.TaskType);
        if (config.Task.Labels.GroupBy(l => l, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new TrainToolsException(ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"The label '{twice.Key}' is there {twice.Count()} times.", "List each label once (labels).", "labels");
        }

        var seen = Collect(training, tagging);
        if (tagging)
        {
            return Named(config, model, seen, null);
        }

        var problem = config.Task.ProblemType ?? model.Problem ?? seen.Problem;
        return problem == ProblemType.Regression ? Regression(config, seen) : Named(config, model, seen, problem);
    }

    /// <summary>The error of a record whose label the set lacks.</summary>
    /// <param name="record">The record.</param>
    /// <param name="label">Its label.</param>
    /// <param name="labels">The set.</param>
    internal static TrainToolsException Unknown(TrainingRecord record, string label, LabelSet labels) => new(
        ErrorIds.LabelUnknown, ErrorKind.InvalidData,
        $"{SampleEncoder.Place(record)}: the label '{label}' is none of the {labels.Names.Count} that are learnt: {string.Join(", ", labels.Names.Take(10))}{(labels.Names.Count > 10 ? ", …" : string.Empty)}.",
        "Correct the record, put it into the training data too, or list all labels (labels).", record.SourceFile);

    /// <summary>The error of a record without a label.</summary>
    internal static TrainToolsException Missing(TrainingRecord record) => new(
        ErrorIds.LabelMissing, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: the record has no label.", "Give each record a label, or name the field that holds it (label_field).", record.SourceFile);

    /// <summary>The error of a record with more or fewer tags than words.</summary>
    internal static TrainToolsException Mismatch(TrainingRecord record) => new(
        ErrorIds.TokenTagMismatch, ErrorKind.InvalidData,
        $"{SampleEncoder.Place(record)}: the record has {record.Tokens!.Count} words and {record.Tags!.Count} tags.", "Give each word one tag.", record.SourceFile);

    private static Seen Collect(IEnumerable<TrainingRecord> records, bool tagging)
    {
        var seen = new Seen();
        foreach (var record in records)
        {
            if (record.Shape != (tagging ? RecordShape.TokenClassification : RecordShape.Classification))
            {
                throw Unfit(record, tagging);
            }

            if (tagging && record.Tokens!.Count != record.Tags!.Count)
            {
                throw Mismatch(record);
            }

            foreach (var label in record.Labels ?? record.Tags ?? (record.Label is null ? throw Missing(record) : (IReadOnlyList<string>)[record.Label]))
            {
                seen.First.TryAdd(label, record);
            }

            seen.Several |= record.Labels is not null;
            seen.Records++;
            seen.Last = record;
        }

        return seen;
    }

    private static TrainToolsException Unfit(TrainingRecord record, bool tagging) => new(
        ErrorIds.RecordShapeUnsupported, ErrorKind.InvalidData,
        $"{SampleEncoder.Place(record)}: {(tagging ? "tagging needs words and their tags" : "classification needs a text and its label")}, and this is a {record.Shape} record.",
        tagging ? "Use CoNLL, or JSON with tokens and ner_tags, or with text and entities." : "Use records with text and label, or name the fields (text_field, label_field).", record.SourceFile);

    private static LabelSet Regression(TrainingConfig config, Seen seen)
    {
        foreach (var (label, record) in seen.First)
        {
            if (!LabelSet.IsNumber(label, out _))
            {
                throw new TrainToolsException(
                    ErrorIds.LabelNotNumber, ErrorKind.InvalidData, $"{SampleEncoder.Place(record)}: a regression learns numbers, and the label is '{label}'.",
                    "Correct the record, or set problem_type to single_label_classification.", record.SourceFile);
            }
        }

        var given = config.Task.Labels;
        return new LabelSet(given.Count == 1 ? given : ["score"], ProblemType.Regression);
    }

    private static LabelSet Named(TrainingConfig config, ModelLabels model, Seen seen, ProblemType? problem)
    {
        if (config.Task.Labels.Count > 0)
        {
            var given = new LabelSet(config.Task.Labels, problem);
            foreach (var (label, record) in seen.First)
            {
                if (given.Find(label) < 0)
                {
                    throw Unknown(record, label, given);
                }
            }

            return given;
        }

        if (model.Names is { } known && new LabelSet(known, problem) is var same && seen.First.Keys.All(l => same.Find(l) >= 0))
        {
            return same;
        }

        RefuseMixture(seen, problem);
        var names = LabelSet.Sort(seen.First.Keys);
        if (names.Count == 1 && problem != ProblemType.MultiLabelClassification)
        {
            var first = seen.First.Values.First();
            throw new TrainToolsException(
                ErrorIds.LabelsOneClass, ErrorKind.InvalidData,
                $"{SampleEncoder.Place(first)}{Through(first, seen.Last!)}: {(problem is null ? $"every word has the tag '{names[0]}'" : $"every record has the label '{names[0]}'")} ({ConfigText.Plural(seen.Records, "record")}), so there is nothing to tell apart.",
                "Check label_field and the data; two labels or more are needed.", first.SourceFile);
        }

        return new LabelSet(names, problem)
        {
            Note = model.Names is null ? null
                : $"The model's labels ({string.Join(", ", model.Names.Take(5))}{(model.Names.Count > 5 ? ", …" : string.Empty)}) are not the data's ({string.Join(", ", names.Take(5))}{(names.Count > 5 ? ", …" : string.Empty)}): the head begins anew.",
        };
    }

    // To where records run, after the place of the first.
    private static string Through(TrainingRecord first, TrainingRecord last) => first.Index == last.Index ? string.Empty
        : first.SourceFile is not null && first.SourceFile == last.SourceFile ? $" to line {last.SourceLine}" : $" to {SampleEncoder.Place(last)}";

    /// <summary>Numbers beside words are class numbers of one file and names of another, more often than names of one set.</summary>
    private static void RefuseMixture(Seen seen, ProblemType? problem)
    {
        if (problem is null)
        {
            return;
        }

        var number = seen.First.FirstOrDefault(p => LabelSet.IsNumber(p.Key, out _));
        var word = seen.First.FirstOrDefault(p => !LabelSet.IsNumber(p.Key, out _));
        if (number.Value is not null && word.Value is not null)
        {
            throw new TrainToolsException(
                ErrorIds.LabelsMixed, ErrorKind.InvalidData,
                $"Some labels are numbers and some are words: '{number.Key}' in {SampleEncoder.Place(number.Value)}, '{word.Key}' in {SampleEncoder.Place(word.Value)}.",
                "Write all of them one way, or list the labels in their order (labels): a number then means the label of that place.", word.Value.SourceFile);
        }
    }

    private sealed class Seen
    {
        /// <summary>Each label with the first record that has it.</summary>
        public Dictionary<string, TrainingRecord> First { get; } = new(StringComparer.Ordinal);

        public bool Several { get; set; }

        public long Records { get; set; }

        public TrainingRecord? Last { get; set; }

        /// <summary>What the labels look like: lists are several labels a text, numbers of which one has a fraction are values.</summary>
        public ProblemType Problem => Several ? ProblemType.MultiLabelClassification
            : First.Count > 0 && First.Keys.All(l => LabelSet.IsNumber(l, out _)) && First.Keys.Any(l => !LabelSet.IsWholeNumber(l)) ? ProblemType.Regression
            : ProblemType.SingleLabelClassification;
    }
}

/// <summary>The labels that a model folder's config.json names for a task.</summary>
/// <param name="Names">Names in order; null where there are none, or only the placeholders LABEL_0, LABEL_1, … .</param>
/// <param name="Problem">problem_type; null where it is not set.</param>
internal sealed record ModelLabels(IReadOnlyList<string>? Names, ProblemType? Problem)
{
    public static ModelLabels Read(string? folder, TaskType task)
    {
        if (folder is null || !File.Exists(Path.Combine(folder, ModelConfigFile.FileName)))
        {
            return new ModelLabels(null, null);
        }

        var file = ModelConfigFile.Read(folder);
        var head = task == TaskType.TokenClassification ? "ForTokenClassification" : "ForSequenceClassification";
        if (file.TextsOrNull("architectures") is not { Count: > 0 } architectures || !architectures[0].EndsWith(head, StringComparison.Ordinal)
            || file.SectionOrNull("id2label") is not { } section)
        {
            return new ModelLabels(null, null);
        }

        var names = Enumerable.Range(0, section.Json.Count).Select(i => section.TextOrNull(i.ToString(CultureInfo.InvariantCulture))).ToList();
        var usable = names.Count > 0 && names.TrueForAll(n => n is not null) && names.Distinct(StringComparer.Ordinal).Count() == names.Count
            && !names.TrueForAll(n => n!.StartsWith("LABEL_", StringComparison.Ordinal));
        return new ModelLabels(usable ? [.. names.Select(n => n!)] : null, Problems(file.TextOrNull("problem_type")));
    }

    internal static ProblemType? Problems(string? name) => name switch
    {
        "regression" => ProblemType.Regression,
        "single_label_classification" => ProblemType.SingleLabelClassification,
        "multi_label_classification" => ProblemType.MultiLabelClassification,
        _ => null,
    };
}
