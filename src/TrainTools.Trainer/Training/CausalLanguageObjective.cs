using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Next-token prediction with a decoder: supervised fine-tuning and continued pre-training.</summary>
public sealed class CausalLanguageObjective : ITrainingObjective
{
    private readonly CausalLanguageModel model;
    private readonly Device device;
    private readonly TokenPrediction passes;
    private readonly RecomputingLayers? recomputing;

    /// <summary>Makes the objective.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where its parameters are.</param>
    /// <param name="labelSmoothing">Share of the target spread over the vocabulary while training; evaluation has none.</param>
    /// <param name="recomputing">Gradient checkpointing; null = activations are kept.</param>
    public CausalLanguageObjective(CausalLanguageModel model, Device device, double labelSmoothing = 0, RecomputingLayers? recomputing = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.recomputing = recomputing;
        model.LayerRunner = recomputing;
        this.model = model;
        this.device = device;
        passes = new TokenPrediction(
            new ChunkedCrossEntropy(h => model.Logits(h, training: true), model.VocabularySize, labelSmoothing, plainHead: () => model.PlainHead,
                sparing: model.LinearLayers.Values.Any(LinearKernel.IsQuantized)),
            new ChunkedCrossEntropy(h => model.Logits(h), model.VocabularySize, plainHead: () => model.PlainHead),
            recomputing);
    }

    /// <inheritdoc/>
    public bool IsCompact => model.IsCompact && device.type == DeviceType.CPU;

    /// <inheritdoc/>
    public void BeginStep(int step) => recomputing?.BeginStep(step);

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.TargetIds.Length;
    }

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale) => passes.Backward(() => Forward(batch, training: true), scale);

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch) => passes.Evaluate(() => Forward(batch, training: false));

    /// <summary>The hidden states [N, H] that predict a supervised token, and those tokens [N].</summary>
    private (Tensor Hidden, Tensor Targets) Forward(SampleBatch batch, bool training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var states = model.HiddenStates(BatchTensors.ModelInput(batch, device, training));
        var hidden = states.flatten(0, 1);
        var everywhere = batch.TargetPositions.Length == hidden.shape[0];
        if (!everywhere)
        {
            using var all = hidden;
            hidden = all.index_select(0, BatchTensors.Tensor(batch.TargetPositions, device));
        }

        return (hidden, BatchTensors.Tensor(batch.TargetIds, device));
    }
}
