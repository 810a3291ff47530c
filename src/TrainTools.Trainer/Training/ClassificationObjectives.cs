using TorchSharp;
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
public sealed class SequenceClassificationObjective(SequenceClassifier model, Device device, double labelSmoothing = 0) : ITrainingObjective
{
    /// <inheritdoc/>
    public void BeginStep(int step)
    {
    }

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.RowTargets?.Length ?? 0;
    }

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale)
    {
        using var scope = NewDisposeScope();
        var sums = Sums(batch, training: true);
        sums.Loss.mul(scale).backward();
        return ClassLoss.Outward(sums);
    }

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        return ClassLoss.Outward(Sums(batch, training: false));
    }

    private LossSums Sums(SampleBatch batch, bool training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var logits = model.Logits(BatchTensors.EncoderInput(batch, device, training)).to_type(ScalarType.Float32);
        var targets = tensor(batch.RowTargets!, device: device);
        var perRow = batch.RowTargets!.Length / batch.SampleCount;
        var problem = model.ProblemType ?? (model.Labels.Count == 1 ? ProblemType.Regression
            : perRow == 1 ? ProblemType.SingleLabelClassification : ProblemType.MultiLabelClassification);
        switch (problem)
        {
            case ProblemType.SingleLabelClassification:
                return ClassLoss.CrossEntropy(logits, targets.to_type(ScalarType.Int64), training ? labelSmoothing : 0);
            case ProblemType.Regression:
                var values = targets.view(logits.shape);
                return new LossSums(nn.functional.mse_loss(logits, values, nn.Reduction.Sum), zeros([], ScalarType.Int64, device), targets.numel());
            default:
                var several = targets.view(logits.shape);
                return new LossSums(
                    nn.functional.binary_cross_entropy_with_logits(logits, several, reduction: nn.Reduction.Sum), logits.gt(0).eq(several.gt(0.5)).sum(), targets.numel());
        }
    }
}

/// <summary>Labels of tokens (NER): cross-entropy at every labelled token.</summary>
/// <param name="model">The model.</param>
/// <param name="device">Where its parameters are.</param>
/// <param name="labelSmoothing">Share of the target spread over the labels, in training.</param>
public sealed class TokenClassificationObjective(TokenClassifier model, Device device, double labelSmoothing = 0) : ITrainingObjective
{
    /// <inheritdoc/>
    public void BeginStep(int step)
    {
    }

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Labels.LongCount(l => l != TrainingSample.Ignored);
    }

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale)
    {
        using var scope = NewDisposeScope();
        var sums = Sums(batch, training: true);
        sums.Loss.mul(scale).backward();
        return ClassLoss.Outward(sums);
    }

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        return ClassLoss.Outward(Sums(batch, training: false));
    }

    private LossSums Sums(SampleBatch batch, bool training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        long[] positions = [.. Enumerable.Range(0, batch.Labels.Length).Where(i => batch.Labels[i] != TrainingSample.Ignored).Select(i => (long)i)];
        var logits = model.Logits(BatchTensors.EncoderInput(batch, device, training)).flatten(0, 1).index_select(0, BatchTensors.Tensor(positions, device));
        return ClassLoss.CrossEntropy(
            logits.to_type(ScalarType.Float32), BatchTensors.Tensor([.. positions.Select(p => batch.Labels[p])], device), training ? labelSmoothing : 0);
    }
}

/// <summary>Sums that the heads share.</summary>
internal static class ClassLoss
{
    public static LossSums CrossEntropy(Tensor logits, Tensor targets, double labelSmoothing) => new(
        nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum, label_smoothing: labelSmoothing),
        logits.detach().argmax(-1).eq(targets).sum(),
        targets.shape[0]);

    public static LossSums Outward(LossSums sums) =>
        sums with { Loss = sums.Loss.detach().MoveToOuterDisposeScope(), Correct = sums.Correct.MoveToOuterDisposeScope() };
}
