using System.Diagnostics;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Samples;

namespace TrainTools.Trainer.Training;

/// <summary>Measures a model on held-out rows, without dropout; logits are kept where labels are scored, and nowhere else.</summary>
/// <param name="objective">The objective.</param>
/// <param name="samples">The rows.</param>
/// <param name="batchSize">Rows a batch.</param>
/// <param name="collator">Makes batches.</param>
/// <param name="scorer">Scores labels; null for language.</param>
/// <param name="wanted">A metric that is given even where it is one of very many classes.</param>
public sealed class Evaluator(
    ITrainingObjective objective, IReadOnlyList<TrainingSample> samples, int batchSize, SampleCollator collator, PredictionScorer? scorer = null, string? wanted = null)
{
    private const int MostClassesLogged = 20;

    /// <summary>Rows a batch.</summary>
    public int BatchSize { get; private set; } = batchSize;

    /// <summary>Halves the batch.</summary>
    public void HalveBatch() => BatchSize = (BatchSize + 1) / 2;

    /// <summary>
    /// The metrics: eval_loss is the mean over all supervised tokens (or rows); eval_loss_example_weighted is what transformers'
    /// Trainer reports under eval_loss, the mean of the batches' means; eval_perplexity is the exponential of eval_loss.
    /// Labels are scored as <see cref="EvaluationMetrics"/> names it.
    /// </summary>
    public IReadOnlyDictionary<string, double> Run()
    {
        var began = Stopwatch.GetTimestamp();
        scorer?.Reset();
        double sum = 0;
        double sumOfMeans = 0;
        long correct = 0;
        long targets = 0;
        var batches = 0;
        for (var start = 0; start < samples.Count; start += BatchSize)
        {
            using var scope = torch.NewDisposeScope();
            var batch = collator.Collate([.. Enumerable.Range(start, Math.Min(BatchSize, samples.Count - start)).Select(i => samples[i])]);
            if (objective.CountTargets(batch) == 0)
            {
                continue;
            }

            var sums = objective.Evaluate(batch);
            if (sums.Scores is { } scores)
            {
                scorer?.Add(batch.Samples, scores.cpu().contiguous().data<float>().ToArray());
            }

            var loss = sums.Loss.ToDouble();
            sum += loss;
            sumOfMeans += loss / sums.Targets;
            correct += sums.Correct.ToInt64();
            targets += sums.Targets;
            batches++;
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var metrics = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["eval_loss"] = sum / targets,
            ["eval_loss_example_weighted"] = sumOfMeans / batches,
        };
        if (scorer is null)
        {
            metrics["eval_perplexity"] = Math.Exp(sum / targets);
            metrics["eval_mean_token_accuracy"] = (double)correct / targets;
            metrics["eval_num_tokens"] = targets;
        }
        else
        {
            Score(scorer, metrics);
        }

        metrics["eval_runtime"] = seconds;
        metrics["eval_samples_per_second"] = samples.Count / Math.Max(seconds, 1e-9);
        return metrics;
    }

    // The figures of many classes would fill the log: they are in the report of the end.
    private void Score(PredictionScorer scorer, Dictionary<string, double> metrics)
    {
        var general = EvaluationMetrics.All.ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in scorer.Metrics())
        {
            if (scorer.Labels.Names.Count <= MostClassesLogged || general.Contains(name) || name == wanted || name == "eval_" + wanted)
            {
                metrics[name] = value;
            }
        }
    }
}
