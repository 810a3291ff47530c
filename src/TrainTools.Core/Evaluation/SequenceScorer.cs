using System.Globalization;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Evaluation;

/// <summary>Scores of whole texts: single labels, several labels, values.</summary>
/// <param name="labels">The labels.</param>
public sealed class SequenceScorer(LabelSet labels) : PredictionScorer(labels)
{
    private readonly List<(long Record, float[] Target, float[] Scores)> rows = [];

    /// <inheritdoc/>
    public override void Reset() => rows.Clear();

    /// <inheritdoc/>
    public override void Add(IReadOnlyList<TrainingSample> samples, ReadOnlySpan<float> scores)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var columns = scores.Length / Math.Max(1, samples.Count);
        for (var i = 0; i < samples.Count; i++)
        {
            rows.Add((samples[i].RecordIndexes[0], samples[i].RowTargets ?? [], scores.Slice(i * columns, columns).ToArray()));
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Metrics()
    {
        var metrics = Labels.Problem switch
        {
            ProblemType.Regression => RegressionScores.Metrics([.. rows.Select(r => (double)r.Target[0])], [.. rows.Select(r => (double)r.Scores[0])]),
            ProblemType.MultiLabelClassification => MultiLabelScores.Metrics(Labels.Names, Given(), Chosen()),
            _ => ClassificationScores.Metrics(Matrix()),
        };
        foreach (var score in Classes())
        {
            metrics[$"eval_{score.Label}_precision"] = score.Precision;
            metrics[$"eval_{score.Label}_recall"] = score.Recall;
            metrics[$"eval_{score.Label}_f1"] = score.F1;
        }

        return metrics;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<RecordPrediction> Predictions() => [.. rows.Select(Predict)];

    /// <inheritdoc/>
    public override EvaluationReport Report(IReadOnlyList<RecordPrediction> predictions, int most = 20)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var metrics = new Dictionary<string, double>(Metrics(), StringComparer.Ordinal) { ["eval_loss"] = predictions.Select(p => p.Loss).DefaultIfEmpty(double.NaN).Average() };
        var confusion = Labels.Problem == ProblemType.SingleLabelClassification ? Matrix() : null;
        return new EvaluationReport
        {
            Task = "sequence-classification",
            Records = rows.Count,
            Metrics = metrics,
            Classes = Classes(),
            Confusion = confusion,
            LabelConfusions = Labels.Problem == ProblemType.MultiLabelClassification ? MultiLabelScores.Confusions(Labels.Names, Given(), Chosen()) : [],
            MostConfused = confusion?.Confused(most) ?? [],
            HighestLoss = [.. predictions.OrderByDescending(p => p.Loss).Take(most)],
        };
    }

    private IReadOnlyList<ClassScore> Classes() => Labels.Problem switch
    {
        ProblemType.Regression => [],
        ProblemType.MultiLabelClassification => MultiLabelScores.Classes(Labels.Names, Given(), Chosen()),
        _ => ClassificationScores.Classes(Matrix()),
    };

    private ConfusionMatrix Matrix() => ConfusionMatrix.Of(Labels.Names, [.. rows.Select(r => (int)r.Target[0])], [.. rows.Select(r => Largest(LogSoftmax(r.Scores)))]);

    private List<bool[]> Given() => [.. rows.Select(r => r.Target.Select(t => t > 0.5f).ToArray())];

    // A probability above one half is a score above 0.
    private List<bool[]> Chosen() => [.. rows.Select(r => r.Scores.Select(s => s > 0).ToArray())];

    private RecordPrediction Predict((long Record, float[] Target, float[] Scores) row)
    {
        string Several(IEnumerable<bool> chosen) => string.Join(", ", chosen.Select((c, k) => c ? Labels.Names[k] : null).OfType<string>());
        string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);
        switch (Labels.Problem)
        {
            case ProblemType.Regression:
                return new RecordPrediction
                {
                    Index = row.Record, Label = Number(row.Target[0]), Predicted = Number(row.Scores[0]), Loss = Math.Pow(row.Scores[0] - row.Target[0], 2), Probabilities = row.Scores,
                };
            case ProblemType.MultiLabelClassification:
                return new RecordPrediction
                {
                    Index = row.Record,
                    Label = Several(row.Target.Select(t => t > 0.5f)),
                    Predicted = Several(row.Scores.Select(s => s > 0)),
                    Loss = row.Scores.Select((s, k) => Math.Max(s, 0) - (s * row.Target[k]) + Math.Log(1 + Math.Exp(-Math.Abs(s)))).Average(),
                    Probabilities = [.. row.Scores.Select(s => (float)(1 / (1 + Math.Exp(-s))))],
                };
            default:
                var logs = LogSoftmax(row.Scores);
                var given = (int)row.Target[0];
                return new RecordPrediction
                {
                    Index = row.Record,
                    Label = Labels.Names[given],
                    Predicted = Labels.Names[Largest(logs)],
                    Loss = -logs[given],
                    SelfConfidence = Math.Exp(logs[given]),
                    Probabilities = [.. logs.Select(l => (float)Math.Exp(l))],
                };
        }
    }
}
