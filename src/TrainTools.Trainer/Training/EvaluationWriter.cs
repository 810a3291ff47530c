using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Files;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Training;

/// <summary>Writes what a run's result does on its held-out records: evaluation.json and predictions.jsonl.</summary>
internal static class EvaluationWriter
{
    /// <summary>Evaluates once more, with the weights that are saved as the result, and writes both files.</summary>
    /// <param name="evaluator">Fills the scorer.</param>
    /// <param name="scorer">The scorer.</param>
    /// <param name="config">Where the held-out records come from.</param>
    /// <param name="folder">The run folder.</param>
    /// <param name="modelPath">The result.</param>
    public static void Write(Evaluator evaluator, PredictionScorer scorer, TrainingConfig config, RunFolder folder, string modelPath)
    {
        evaluator.Run();
        var predictions = Place(scorer.Predictions(), config.Data);
        (scorer.Report(predictions) with { ModelPath = modelPath }).Write(folder.EvaluationPath);
        AtomicFile.WriteText(folder.PredictionsPath, string.Concat(predictions.Select(p => JsonSerializer.Serialize(p, TrainerEvent.JsonOptions) + "\n")));
    }

    // Rows carry numbers of records only: the texts are read again for those that are told of.
    private static List<RecordPrediction> Place(IReadOnlyList<RecordPrediction> predictions, DataConfig data)
    {
        var records = new Dictionary<long, TrainingRecord>();
        var wanted = predictions.Select(p => p.Index).ToHashSet();
        foreach (var record in new DatasetReader(DatasetReaderOptions.FromConfig(data)).Read(data.ValidationPath.Count > 0 ? data.ValidationPath : data.DatasetPath))
        {
            if (wanted.Contains(record.Index))
            {
                records[record.Index] = record;
            }
        }

        return [.. predictions.Select(p => !records.TryGetValue(p.Index, out var record) ? p : p with
        {
            SourceFile = record.SourceFile, SourceLine = record.SourceLine, Text = record.Text ?? (record.Tokens is null ? null : string.Join(' ', record.Tokens)),
        })];
    }
}
