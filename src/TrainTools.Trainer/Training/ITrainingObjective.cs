using TorchSharp;
using TrainTools.Core.Samples;

namespace TrainTools.Trainer.Training;

/// <summary>What is learnt: from a batch to losses and gradients.</summary>
public interface ITrainingObjective
{
    /// <summary>Called before the first batch of a step.</summary>
    void BeginStep(int step);

    /// <summary>What the batch's loss is a sum over (supervised tokens, rows).</summary>
    long CountTargets(SampleBatch batch);

    /// <summary>What the batch's loss is divided by: its targets, each with the weight of its class where classes have one.</summary>
    double Weight(SampleBatch batch) => CountTargets(batch);

    /// <summary>Forward and backward pass; gradients of <paramref name="scale"/> × the sum are added to the parameters'. Not called without targets.</summary>
    LossSums Backward(SampleBatch batch, double scale);

    /// <summary>Forward pass without dropout.</summary>
    LossSums Evaluate(SampleBatch batch);

    /// <summary>Whether the work of a step is in kernels that share it among threads themselves, so that libtorch's operators had better keep to one.</summary>
    bool IsCompact => false;
}
