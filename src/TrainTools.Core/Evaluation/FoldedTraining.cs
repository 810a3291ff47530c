using System.Globalization;
using System.Text;
using System.Text.Json;
using TrainTools.Core.Cleaning.LabelErrors;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Data.Writing;
using TrainTools.Core.Errors;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Evaluation;

/// <summary>
/// A classification trained once for each part of its data, on all the other parts: every record is judged by a model that
/// has not seen it. The parts are files in folders of their own, and each training is an ordinary run.
/// </summary>
public sealed class FoldedTraining
{
    private readonly string folder;
    private readonly IReadOnlyList<TrainingRecord> records;
    private readonly LabelSet labels;
    private readonly List<List<int>> held;

    private FoldedTraining(string folder, IReadOnlyList<TrainingRecord> records, LabelSet labels, List<List<int>> held, IReadOnlyList<TrainingConfig> configs)
    {
        (this.folder, this.records, this.labels, this.held) = (folder, records, labels, held);
        Configs = configs;
    }

    /// <summary>The configuration of each training; its output folder is fold-1, fold-2, … under the folder.</summary>
    public IReadOnlyList<TrainingConfig> Configs { get; }

    /// <summary>Reads the data, deals it out so that each part has about the same share of every class, and writes the parts.</summary>
    /// <param name="config">The configuration; validation data, early stopping and the choice of the best model are left out of it.</param>
    /// <param name="folds">Number of parts.</param>
    /// <param name="folder">Where the parts and runs go.</param>
    /// <exception cref="TrainToolsException"><see cref="ErrorIds.CrossValidationInvalid"/>, and whatever a label can be wrong by.</exception>
    public static FoldedTraining Create(TrainingConfig config, int folds, string folder)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.Task.TaskType != TaskType.SequenceClassification)
        {
            throw Invalid("Out-of-fold probabilities are those of whole texts.", "Set task_type to sequence-classification.");
        }

        List<TrainingRecord> records = [.. new DatasetReader(DatasetReaderOptions.FromConfig(config.Data) with { Strict = true }).Read(config.Data.DatasetPath)];
        var labels = LabelDiscovery.Find(config, records);
        if (labels.Problem != ProblemType.SingleLabelClassification)
        {
            throw Invalid("Out-of-fold probabilities are those of single labels.", "Leave -CrossValidate out for values and for several labels a text.");
        }

        int[] classes = [.. records.Select(r => (int)RowTargets.Of(r, labels)[0])];
        if (records.Count < folds || classes.GroupBy(c => c).Any(g => g.Count() < 2))
        {
            var rare = classes.GroupBy(c => c).FirstOrDefault(g => g.Count() < 2);
            throw Invalid(
                rare is null ? FormattableString.Invariant($"{records.Count} records cannot be dealt into {folds} parts.") : $"The label '{labels.Names[rare.Key]}' has one record: no model could learn it without seeing it.",
                rare is null ? "Ask for fewer parts." : "Give each label two records or more.");
        }

        var part = CrossValidation.Folds(classes, folds, config.Runtime.Seed);
        var held = Enumerable.Range(0, folds).Select(k => Enumerable.Range(0, records.Count).Where(i => part[i] == k).ToList()).ToList();
        return new FoldedTraining(folder, records, labels, held, [.. held.Select((rows, k) => Prepare(config, records, labels, rows.ToHashSet(), Path.Combine(folder, Name(k))))]);
    }

    /// <summary>Puts the folds' predictions together: evaluation.json, and out-of-fold.npy for the label check of the cleaning.</summary>
    /// <returns>The report and the file of probabilities.</returns>
    public (EvaluationReport Report, string ProbabilityPath) Collect()
    {
        var file = new RunFolder(folder);
        var probabilities = new float[records.Count][];
        for (var k = 0; k < held.Count; k++)
        {
            foreach (var line in File.ReadLines(new RunFolder(Configs[k].OutputDir!).PredictionsPath))
            {
                var prediction = JsonSerializer.Deserialize<RecordPrediction>(line, TrainerEvent.JsonOptions)!;
                probabilities[held[k][(int)prediction.Index]] = [.. prediction.Probabilities!];
            }
        }

        var scorer = new SequenceScorer(labels);
        for (var i = 0; i < records.Count; i++)
        {
            if (probabilities[i] is { } row)
            {
                scorer.Add([new TrainingSample { InputIds = [], Labels = [], RowTargets = RowTargets.Of(records[i], labels), RecordIndexes = [i] }], [.. row.Select(p => MathF.Log(Math.Max(p, 1e-30f)))]);
            }
        }

        var report = scorer.Report([.. scorer.Predictions().Select(p => p with
        {
            Index = records[(int)p.Index].Index, SourceFile = records[(int)p.Index].SourceFile, SourceLine = records[(int)p.Index].SourceLine, Text = records[(int)p.Index].Text,
        })]) with { ModelPath = folder };
        report.Write(file.EvaluationPath);
        WriteProbabilities(file.OutOfFoldPath, probabilities);
        return (report, file.OutOfFoldPath);
    }

    /// <summary>Name of a fold's folder.</summary>
    private static string Name(int fold) => string.Create(CultureInfo.InvariantCulture, $"fold-{fold + 1}");

    private static TrainingConfig Prepare(TrainingConfig config, List<TrainingRecord> records, LabelSet labels, HashSet<int> held, string folder)
    {
        Directory.CreateDirectory(folder);
        var (training, validation) = (folder + "-training.jsonl", folder + "-validation.jsonl");
        foreach (var (path, wanted) in new[] { (training, false), (validation, true) })
        {
            using var writer = new DatasetWriter(path);
            for (var i = 0; i < records.Count; i++)
            {
                if (held.Contains(i) == wanted)
                {
                    writer.Write(records[i] with { Extra = null });
                }
            }

            writer.Complete();
        }

        // Whatever would choose by the held-out records would let them into the model.
        return config with
        {
            OutputDir = folder,
            Data = config.Data with
            {
                DatasetPath = SettingList.Create([training]), ValidationPath = SettingList.Create([validation]), ValidationSplit = null,
                DatasetFormat = DatasetFormat.Classification, TextField = "text", LabelField = "label",
            },
            Task = config.Task with { Labels = SettingList.From(labels.Names), ProblemType = ProblemType.SingleLabelClassification },
            Evaluation = config.Evaluation with { EvalStrategy = IntervalStrategy.Epoch, EvalSteps = null, EarlyStoppingPatience = null, LoadBestModelAtEnd = false },
            Checkpoints = config.Checkpoints with { SaveStrategy = IntervalStrategy.No },
        };
    }

    // Classes in the ordinal order of their names, as the label check has them; a record that no model was asked about (an empty text) says nothing.
    private void WriteProbabilities(string path, float[][] rows)
    {
        int[] order = [.. Enumerable.Range(0, labels.Names.Count).Where(k => records.Any(r => labels.Find(r.Label ?? r.Labels![0]) == k)).OrderBy(k => labels.Names[k], StringComparer.Ordinal)];
        var header = string.Create(CultureInfo.InvariantCulture, $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows.Length}, {order.Length}), }}");
        header = header.PadRight(((header.Length + 11 + 63) / 64 * 64) - 11) + "\n";
        AtomicFile.Write(path, stream =>
        {
            using var writer = new BinaryWriter(stream, Encoding.ASCII, leaveOpen: true);
            writer.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
            writer.Write((ushort)header.Length);
            writer.Write(Encoding.ASCII.GetBytes(header));
            foreach (var row in rows)
            {
                foreach (var k in order)
                {
                    writer.Write(row is null ? 1f / order.Length : row[k]);
                }
            }
        });
    }

    private static TrainToolsException Invalid(string what, string remedy) => new(ErrorIds.CrossValidationInvalid, ErrorKind.InvalidArgument, what, remedy, "CrossValidate");
}

/// <summary>What a cross-validation came to.</summary>
public sealed record CrossValidationResult
{
    /// <summary>Folder with the folds' data and runs.</summary>
    public required string Path { get; init; }

    /// <summary>The run of each fold.</summary>
    public required IReadOnlyList<FineTuneRun> Folds { get; init; }

    /// <summary>All records, each judged by the model that has not seen it.</summary>
    public required EvaluationReport Evaluation { get; init; }

    /// <summary>File with the out-of-fold probabilities (records × classes), for Invoke-DatasetClean -ProbabilityPath.</summary>
    public required string ProbabilityPath { get; init; }

    /// <inheritdoc/>
    public override string ToString() => $"{Folds.Count} folds, {Evaluation}";
}
