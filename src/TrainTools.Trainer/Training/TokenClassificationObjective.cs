using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Labels of tokens (NER): cross-entropy at every labelled token.</summary>
/// <param name="model">The model.</param>
/// <param name="device">Where its parameters are.</param>
/// <param name="labelSmoothing">Share of the target spread over the labels, in training.</param>
/// <param name="classWeights">Weight of each label in training, as torch's cross_entropy has it; null = 1.</param>
/// <param name="recomputing">Gradient checkpointing; null = activations are kept.</param>
public sealed class TokenClassificationObjective(
    TokenClassifier model, Device device, double labelSmoothing = 0, IReadOnlyList<float>? classWeights = null, RecomputingLayers? recomputing = null) : ITrainingObjective
{
    private readonly HeadRunner runner = new(model, recomputing);

    /// <inheritdoc/>
    public void BeginStep(int step) => recomputing?.BeginStep(step);

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Labels.LongCount(l => l != TrainingSample.Ignored);
    }

    /// <inheritdoc/>
    public double Weight(SampleBatch batch) => classWeights is null
        ? CountTargets(batch) : batch.Labels.Where(l => l != TrainingSample.Ignored).Sum(l => (double)classWeights[(int)l]);

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale) => runner.Backward(() => Sums(batch, training: true), scale);

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch) => HeadRunner.Evaluate(() => Sums(batch, training: false));

    private LossSums Sums(SampleBatch batch, bool training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        long[] positions = [.. Enumerable.Range(0, batch.Labels.Length).Where(i => batch.Labels[i] != TrainingSample.Ignored).Select(i => (long)i)];
        var logits = model.Logits(BatchTensors.EncoderInput(batch, device, training)).flatten(0, 1).index_select(0, BatchTensors.Tensor(positions, device));
        return HeadRunner.CrossEntropy(
            logits.to_type(ScalarType.Float32),
            BatchTensors.Tensor([.. positions.Select(p => batch.Labels[p])], device),
            training ? labelSmoothing : 0,
            training && classWeights is not null ? tensor([.. classWeights], device: device) : null);
    }
}
