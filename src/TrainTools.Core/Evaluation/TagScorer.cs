using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Evaluation;

/// <summary>
/// Scores of tagged words: the windows of a record come together again, and entities are judged over the whole of it. A word
/// without a token (blanks, control characters) counts as O.
/// </summary>
/// <param name="labels">The tags.</param>
public sealed class TagScorer(LabelSet labels) : PredictionScorer(labels)
{
    private readonly List<long> order = [];
    private readonly Dictionary<long, Sentence> sentences = [];

    /// <inheritdoc/>
    public override void Reset()
    {
        order.Clear();
        sentences.Clear();
    }

    /// <inheritdoc/>
    public override void Add(IReadOnlyList<TrainingSample> samples, ReadOnlySpan<float> scores)
    {
        ArgumentNullException.ThrowIfNull(samples);
        var (columns, at) = (Labels.Names.Count, 0);
        foreach (var sample in samples)
        {
            var record = sample.RecordIndexes[0];
            if (!sentences.TryGetValue(record, out var sentence))
            {
                sentences[record] = sentence = new Sentence();
                order.Add(record);
            }

            sentence.Given ??= sample.WordLabels;
            for (var i = 0; i < sample.Length; i++)
            {
                if (sample.Labels[i] == TrainingSample.Ignored)
                {
                    continue;
                }

                var logits = scores.Slice(at, columns);
                at += columns;
                var word = sample.WordIds![i];
                if (!sentence.Words.ContainsKey(word)) // the first token speaks for the word
                {
                    var logs = LogSoftmax(logits);
                    sentence.Words[word] = (Largest(logs), logs[sample.Labels[i]]);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Metrics()
    {
        var metrics = Score().Metrics();

        // A type that is neither there nor predicted takes no part in the means, but can be what a run is judged by.
        foreach (var type in EvaluationMetrics.Names(TaskType.TokenClassification, Labels.Names))
        {
            metrics.TryAdd($"eval_{type}_precision", 0);
            metrics.TryAdd($"eval_{type}_recall", 0);
            metrics.TryAdd($"eval_{type}_f1", 0);
        }

        return metrics;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<RecordPrediction> Predictions() =>
    [
        .. order.Select(record => (record, Sentence: sentences[record])).Where(s => s.Sentence.Given is not null).Select(s => new RecordPrediction
        {
            Index = s.record,
            Label = string.Join(' ', Names(s.Sentence.Given!)),
            Predicted = string.Join(' ', Predicted(s.Sentence)),
            Loss = -s.Sentence.Words.Values.Average(w => w.Log),
            SelfConfidence = Math.Exp(s.Sentence.Words.Values.Min(w => w.Log)),
        }),
    ];

    /// <inheritdoc/>
    public override EvaluationReport Report(IReadOnlyList<RecordPrediction> predictions, int most = 20)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        var score = Score();
        var words = sentences.Values.Where(s => s.Given is not null).SelectMany(s => s.Words.Select(w => (Given: s.Given![w.Key], w.Value.Tag, w.Value.Log))).ToList();
        var confusion = ConfusionMatrix.Of(Labels.Names, [.. words.Select(w => w.Given)], [.. words.Select(w => w.Tag)]);
        return new EvaluationReport
        {
            Task = "token-classification",
            Records = predictions.Count,
            Metrics = new Dictionary<string, double>(score.Metrics(), StringComparer.Ordinal) { ["eval_loss"] = words.Select(w => -w.Log).DefaultIfEmpty(double.NaN).Average() },
            Classes = score.Types,
            Confusion = confusion,
            MostConfused = confusion.Confused(most),
            HighestLoss = [.. predictions.OrderByDescending(p => p.Loss).Take(most)],
        };
    }

    private SpanScorer Score()
    {
        var score = new SpanScorer();
        foreach (var record in order)
        {
            if (sentences[record] is { Given: { } given } sentence)
            {
                score.Add(Names(given), Predicted(sentence));
            }
        }

        return score;
    }

    private string[] Names(int[] ids) => [.. ids.Select(id => Labels.Names[id])];

    private string[] Predicted(Sentence sentence) => [.. Enumerable.Range(0, sentence.Given!.Length).Select(i => sentence.Words.TryGetValue(i, out var word) ? Labels.Names[word.Tag] : "O")];

    private sealed class Sentence
    {
        public int[]? Given { get; set; }

        public Dictionary<int, (int Tag, double Log)> Words { get; } = [];
    }
}
