using TorchSharp;
using TrainTools.Trainer.Models;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Forward and backward passes of classification heads, with and without gradient checkpointing.</summary>
internal sealed class HeadRunner
{
    private readonly RecomputingLayers? recomputing;

    public HeadRunner(PretrainedModel model, RecomputingLayers? recomputing)
    {
        this.recomputing = recomputing;
        model.LayerRunner = recomputing;
    }

    /// <summary>The sums, and the gradient of scale × the loss in the parameters.</summary>
    public LossSums Backward(Func<LossSums> forward, double scale)
    {
        using var scope = NewDisposeScope();
        try
        {
            var sums = forward();
            sums.Loss.mul(scale).backward();
            recomputing?.Backward();
            return Outward(sums with { Scores = null });
        }
        finally
        {
            recomputing?.Forget();
        }
    }

    /// <summary>The sums and scores without a gradient.</summary>
    public static LossSums Evaluate(Func<LossSums> forward)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        return Outward(forward());
    }

    /// <summary>Sums of logits [N, K] and class numbers [N].</summary>
    public static LossSums CrossEntropy(Tensor logits, Tensor targets, double labelSmoothing, Tensor? weights) => new(
        nn.functional.cross_entropy(logits, targets, weight: weights, reduction: nn.Reduction.Sum, label_smoothing: labelSmoothing),
        logits.detach().argmax(-1).eq(targets).sum(),
        targets.shape[0])
    {
        Scores = logits.detach(),
    };

    private static LossSums Outward(LossSums sums) => sums with
    {
        Loss = sums.Loss.detach().MoveToOuterDisposeScope(),
        Correct = sums.Correct.MoveToOuterDisposeScope(),
        Scores = sums.Scores?.MoveToOuterDisposeScope(),
    };
}
