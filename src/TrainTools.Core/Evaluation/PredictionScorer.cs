using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;

namespace TrainTools.Core.Evaluation;

/// <summary>Collects a model's scores on labelled rows and makes metrics and a report of them.</summary>
public abstract class PredictionScorer
{
    private protected PredictionScorer(LabelSet labels) => Labels = labels;

    /// <summary>The labels in the order of the scores.</summary>
    public LabelSet Labels { get; }

    /// <summary>The scorer of a task.</summary>
    public static PredictionScorer For(TaskType task, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return task == TaskType.TokenClassification ? new TagScorer(labels) : new SequenceScorer(labels);
    }

    /// <summary>Forgets what was collected.</summary>
    public abstract void Reset();

    /// <summary>Takes in a batch.</summary>
    /// <param name="samples">Its rows.</param>
    /// <param name="scores">Logits: of each row, or in tagging of each labelled token in order, one for each label.</param>
    public abstract void Add(IReadOnlyList<TrainingSample> samples, ReadOnlySpan<float> scores);

    /// <summary>The metrics of what was collected, under the names of the logs.</summary>
    public abstract IReadOnlyDictionary<string, double> Metrics();

    /// <summary>What was predicted for each record, in the order they came.</summary>
    public abstract IReadOnlyList<RecordPrediction> Predictions();

    /// <summary>The report of what was collected.</summary>
    /// <param name="predictions">Its predictions, with texts and places where they are known.</param>
    /// <param name="most">Most pairs and records to list.</param>
    public abstract EvaluationReport Report(IReadOnlyList<RecordPrediction> predictions, int most = 20);

    /// <summary>Log-probabilities of logits.</summary>
    internal static double[] LogSoftmax(ReadOnlySpan<float> logits)
    {
        double most = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            most = Math.Max(most, logit);
        }

        double sum = 0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - most);
        }

        var result = new double[logits.Length];
        for (var k = 0; k < result.Length; k++)
        {
            result[k] = logits[k] - most - Math.Log(sum);
        }

        return result;
    }

    /// <summary>Place of the largest value, the first among equals.</summary>
    internal static int Largest(ReadOnlySpan<double> values)
    {
        var best = 0;
        for (var k = 1; k < values.Length; k++)
        {
            best = values[k] > values[best] ? k : best;
        }

        return best;
    }
}
