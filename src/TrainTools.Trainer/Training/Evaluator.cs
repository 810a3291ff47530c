using System.Diagnostics;
using TorchSharp;
using TrainTools.Core.Samples;

namespace TrainTools.Trainer.Training;

/// <summary>Measures a model on held-out rows, without dropout and without keeping logits.</summary>
/// <param name="objective">The objective.</param>
/// <param name="samples">The rows.</param>
/// <param name="batchSize">Rows a batch.</param>
/// <param name="collator">Makes batches.</param>
public sealed class Evaluator(ITrainingObjective objective, IReadOnlyList<TrainingSample> samples, int batchSize, SampleCollator collator)
{
    /// <summary>Rows a batch.</summary>
    public int BatchSize { get; private set; } = batchSize;

    /// <summary>Halves the batch.</summary>
    public void HalveBatch() => BatchSize = (BatchSize + 1) / 2;

    /// <summary>
    /// The metrics: eval_loss is the mean over all supervised tokens; eval_loss_example_weighted is what transformers'
    /// Trainer reports under eval_loss, the mean of the batches' means; eval_perplexity is the exponential of eval_loss.
    /// </summary>
    public IReadOnlyDictionary<string, double> Run()
    {
        var began = Stopwatch.GetTimestamp();
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
            var loss = sums.Loss.ToDouble();
            sum += loss;
            sumOfMeans += loss / sums.Targets;
            correct += sums.Correct.ToInt64();
            targets += sums.Targets;
            batches++;
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new Dictionary<string, double>(StringComparer.Ordinal)
        {
            ["eval_loss"] = sum / targets,
            ["eval_loss_example_weighted"] = sumOfMeans / batches,
            ["eval_perplexity"] = Math.Exp(sum / targets),
            ["eval_mean_token_accuracy"] = (double)correct / targets,
            ["eval_num_tokens"] = targets,
            ["eval_runtime"] = seconds,
            ["eval_samples_per_second"] = samples.Count / Math.Max(seconds, 1e-9),
        };
    }
}
