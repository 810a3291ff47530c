using System.Runtime.CompilerServices;
using TorchSharp;
using TrainTools.Core.Samples;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Masked tokens of an encoder: continued pre-training. The head runs only where a token is to be guessed.</summary>
public sealed class MaskedLanguageObjective : ITrainingObjective
{
    private readonly MaskedLanguageModel model;
    private readonly Device device;
    private readonly TokenMasking masking;
    private readonly RecomputingLayers? recomputing;
    private readonly TokenPrediction passes;
    private ConditionalWeakTable<SampleBatch, MaskedBatch> masked = [];
    private int step;

    /// <summary>Makes the objective.</summary>
    /// <param name="model">The model.</param>
    /// <param name="device">Where its parameters are.</param>
    /// <param name="masking">What is hidden.</param>
    /// <param name="labelSmoothing">Share of the target spread over the vocabulary while training.</param>
    /// <param name="recomputing">Gradient checkpointing; null = activations are kept.</param>
    public MaskedLanguageObjective(MaskedLanguageModel model, Device device, TokenMasking masking, double labelSmoothing = 0, RecomputingLayers? recomputing = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        (this.model, this.device, this.masking, this.recomputing) = (model, device, masking, recomputing);
        model.LayerRunner = recomputing;
        passes = new TokenPrediction(
            new ChunkedCrossEntropy(h => model.Logits(h, training: true), model.VocabularySize, labelSmoothing),
            new ChunkedCrossEntropy(h => model.Logits(h), model.VocabularySize),
            recomputing);
    }

    /// <inheritdoc/>
    public void BeginStep(int step)
    {
        this.step = step;
        masked = [];
        recomputing?.BeginStep(step);
    }

    /// <inheritdoc/>
    public long CountTargets(SampleBatch batch) => Masked(batch).Positions.Length;

    /// <inheritdoc/>
    public LossSums Backward(SampleBatch batch, double scale) => passes.Backward(() => Forward(batch, Masked(batch), training: true), scale);

    /// <inheritdoc/>
    public LossSums Evaluate(SampleBatch batch) => passes.Evaluate(() => Forward(batch, masking.Mask(batch, -1), training: false));

    private MaskedBatch Masked(SampleBatch batch) => masked.GetValue(batch, b => masking.Mask(b, step));

    private (Tensor Hidden, Tensor Targets) Forward(SampleBatch batch, MaskedBatch hidden, bool training)
    {
        var input = BatchTensors.EncoderInput(batch with { InputIds = hidden.InputIds }, device, training);
        return (model.HiddenStates(input).flatten(0, 1).index_select(0, BatchTensors.Tensor(hidden.Positions, device)), BatchTensors.Tensor(hidden.Targets, device));
    }
}
