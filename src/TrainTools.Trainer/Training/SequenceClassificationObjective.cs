using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>
/// Labels of texts: cross-entropy over classes, squared error of values, or binary cross-entropy for each of several
/// classes, as the config's problem_type says (else by the labels, as transformers). Means are over the whole window's
/// rows (and values), however they are split into batches.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="device">Where its parameters are.</param>
/// <param name="labelSmoothing">Share of the target spread over the classes, in training on single labels.</param>
/// <param name="classWeights">Weight of each class in training, as torch's cross_entropy has it; of several labels the weight of its positive rows (pos_weight); null = 1.</param>
/// <param name="recomputing">Gradient checkpointing; null = activations are kept.</param>
public sealed class SequenceClassificationObjective(
    SequenceClassifier model, Device device, double labelSmoothing = 0, IReadOnlyList<float>? classWeights = null, RecomputingLayers? recomputing = null) : ITrainingObjective
{
    private readonly HeadRunner runner = new(model, recomputing);

    /// <inheritdoc/>
    public void BeginStep(int step) => recomputing?.BeginStep(step);

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.RowTargets is null ? 0 : (long)Rows(batch).Length * Width(batch);
    }

    /// <inheritdoc/>
    public double Weight(SampleBatch batch) => classWeights is null || Problem(batch) != ProblemType.SingleLabelClassification
        ? CountTargets(batch) : Rows(batch).Sum(row => (double)classWeights[(int)batch.RowTargets![row]]);

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale) => runner.Backward(() => Sums(batch, training: true), scale);

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch) => HeadRunner.Evaluate(() => Sums(batch, training: false));

    private static int Width(SampleBatch batch) => batch.RowTargets!.Length / batch.SampleCount;

    private static long[] Rows(SampleBatch batch) => batch.Samples.Any(s => s.IsPassedOver)
        ? [.. Enumerable.Range(0, batch.SampleCount).Where(i => !batch.Samples[i].IsPassedOver).Select(i => (long)i)]
        : [.. Enumerable.Range(0, batch.SampleCount).Select(i => (long)i)];

    private ProblemType Problem(SampleBatch batch) => model.ProblemType ?? (model.Labels.Count == 1 ? ProblemType.Regression
        : Width(batch) == 1 ? ProblemType.SingleLabelClassification : ProblemType.MultiLabelClassification);

    private LossSums Sums(SampleBatch batch, bool training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var logits = model.Logits(BatchTensors.EncoderInput(batch, device, training)).to_type(ScalarType.Float32);
        var targets = tensor(batch.RowTargets!, device: device);
        var rows = Rows(batch);
        if (rows.Length < batch.SampleCount)
        {
            var index = BatchTensors.Tensor(rows, device);
            logits = logits.index_select(0, index);
            targets = targets.view(batch.SampleCount, -1).index_select(0, index).flatten();
        }

        var weights = training && classWeights is not null ? tensor([.. classWeights], device: device) : null;
        switch (Problem(batch))
        {
            case ProblemType.SingleLabelClassification:
                return HeadRunner.CrossEntropy(logits, targets.to_type(ScalarType.Int64), training ? labelSmoothing : 0, weights);
            case ProblemType.Regression:
                var values = targets.view(logits.shape);
                return new LossSums(nn.functional.mse_loss(logits, values, nn.Reduction.Sum), zeros([], ScalarType.Int64, device), targets.numel()) { Scores = logits.detach() };
            default:
                var several = targets.view(logits.shape);
                return new LossSums(
                    nn.functional.binary_cross_entropy_with_logits(logits, several, reduction: nn.Reduction.Sum, pos_weights: weights),
                    logits.gt(0).eq(several.gt(0.5)).sum(),
                    targets.numel()) { Scores = logits.detach() };
        }
    }
}
