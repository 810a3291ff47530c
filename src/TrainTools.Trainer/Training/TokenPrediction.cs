using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>
/// The passes of objectives that predict tokens of the vocabulary: hidden states of the supervised positions go through
/// chunked cross-entropy, layer by layer again where activations are not kept.
/// </summary>
/// <param name="training">The loss in training.</param>
/// <param name="plain">The loss in evaluation.</param>
/// <param name="recomputing">Gradient checkpointing; null = activations are kept.</param>
internal sealed class TokenPrediction(ChunkedCrossEntropy training, ChunkedCrossEntropy plain, RecomputingLayers? recomputing)
{
    /// <summary>Forward and backward; the sums belong to the caller's scope.</summary>
    /// <param name="forward">Hidden states [N, H] and targets [N].</param>
    /// <param name="scale">Factor of the gradient.</param>
    public LossSums Backward(Func<(Tensor Hidden, Tensor Targets)> forward, double scale)
    {
        using var scope = NewDisposeScope();
        try
        {
            var (hidden, targets) = forward();
            var sums = training.Backward(hidden, targets, scale);
            recomputing?.Backward();
            return Outward(sums);
        }
        finally
        {
            recomputing?.Forget();
        }
    }

    /// <summary>Forward alone; the sums belong to the caller's scope.</summary>
    /// <param name="forward">Hidden states [N, H] and targets [N].</param>
    public LossSums Evaluate(Func<(Tensor Hidden, Tensor Targets)> forward)
    {
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var (hidden, targets) = forward();
        return Outward(plain.Evaluate(hidden, targets));
    }

    private static LossSums Outward(LossSums sums) =>
        sums with { Loss = sums.Loss.MoveToOuterDisposeScope(), Correct = sums.Correct.MoveToOuterDisposeScope() };
}
