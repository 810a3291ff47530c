using TorchSharp;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Sums over a micro-batch. The tensors belong to the caller's scope.</summary>
/// <param name="Loss">Sum of the losses, float32 scalar.</param>
/// <param name="Correct">Predictions that were right, int64 scalar.</param>
/// <param name="Targets">How many targets the sums are over.</param>
public readonly record struct LossSums(Tensor Loss, Tensor Correct, long Targets);

/// <summary>
/// Next-token cross-entropy without ever holding all logits: hidden states go through the head a chunk at a time, and each
/// chunk's backward pass is done at once, so at most one chunk's logits and their gradient exist. The head runs once a
/// token (nothing is recomputed), and only where a token is supervised. Softmax and loss are float32 whatever the model computes in.
/// </summary>
/// <param name="head">Logits [N, V] of hidden states [N, H].</param>
/// <param name="vocabulary">V.</param>
/// <param name="labelSmoothing">Share of the target spread evenly over the vocabulary, 0 to 1.</param>
/// <param name="chunkBytes">Bytes that one chunk's float32 logits may take.</param>
public sealed class ChunkedCrossEntropy(Func<Tensor, Tensor> head, long vocabulary, double labelSmoothing = 0, long chunkBytes = 64L << 20)
{
    private readonly long chunk = Math.Max(1, chunkBytes / (4 * vocabulary));

    /// <summary>Loss and, into the parameters, the gradient of <paramref name="scale"/> × the sum of the losses.</summary>
    /// <param name="hidden">[N, H], in the graph of the forward pass.</param>
    /// <param name="targets">[N], int64.</param>
    /// <param name="scale">Factor of the gradient: one over the supervised tokens of the window, times the loss scale.</param>
    public LossSums Backward(Tensor hidden, Tensor targets, double scale)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        var count = hidden.shape[0];
        if (count <= chunk)
        {
            var logits = head(hidden);
            var (sums, gradient) = Gradient(logits, targets, scale);
            logits.backward([gradient]);
            return Outward(sums);
        }

        var all = new List<LossSums>();
        var gradients = new List<Tensor>();
        for (long start = 0; start < count; start += chunk)
        {
            var length = Math.Min(chunk, count - start);
            using var chunkScope = NewDisposeScope();
            var part = hidden.detach().narrow(0, start, length).requires_grad_();
            var logits = head(part);
            var (sums, gradient) = Gradient(logits, targets.narrow(0, start, length), scale);
            logits.backward([gradient]);
            gradients.Add(part.grad!.MoveToOuterDisposeScope());
            all.Add(Outward(sums));
        }

        hidden.backward([cat(gradients, 0)]);
        return Outward(Total(all));
    }

    /// <summary>Loss alone.</summary>
    /// <param name="hidden">[N, H].</param>
    /// <param name="targets">[N], int64.</param>
    public LossSums Evaluate(Tensor hidden, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        var all = new List<LossSums>();
        for (long start = 0; start < hidden.shape[0]; start += chunk)
        {
            using var chunkScope = NewDisposeScope();
            var length = Math.Min(chunk, hidden.shape[0] - start);
            var logProbabilities = special.log_softmax(head(hidden.narrow(0, start, length)), -1, ScalarType.Float32);
            all.Add(Outward(Sums(logProbabilities, targets.narrow(0, start, length).unsqueeze(1))));
        }

        return Outward(Total(all));
    }

    // d loss / d logits = softmax - target distribution, made in place of the log-probabilities.
    private (LossSums Sums, Tensor Gradient) Gradient(Tensor logits, Tensor targets, double scale)
    {
        using var grad = no_grad();
        var logProbabilities = special.log_softmax(logits, -1, ScalarType.Float32);
        var index = targets.unsqueeze(1);
        var sums = Sums(logProbabilities, index);
        var gradient = logProbabilities.exp_();
        if (labelSmoothing > 0)
        {
            gradient = gradient.sub_(labelSmoothing / vocabulary);
        }

        gradient = gradient.scatter_add_(1, index, full(index.shape, labelSmoothing - 1, ScalarType.Float32, index.device)).mul_(scale);
        return (sums, gradient.dtype == logits.dtype ? gradient : gradient.to_type(logits.dtype));
    }

    private LossSums Sums(Tensor logProbabilities, Tensor index)
    {
        var chosen = logProbabilities.gather(1, index);
        var loss = chosen.sum().neg_();
        if (labelSmoothing > 0)
        {
            var uniform = logProbabilities.mean([-1]).sum().neg_();
            loss = loss.mul_(1 - labelSmoothing).add_(uniform.mul_(labelSmoothing));
        }

        var correct = logProbabilities.amax([-1], keepdim: true).eq(chosen).sum();
        return new LossSums(loss, correct, index.shape[0]);
    }

    private static LossSums Total(List<LossSums> parts) => parts.Count == 1 ? parts[0] : new LossSums(
        stack(parts.Select(p => p.Loss)).sum(), stack(parts.Select(p => p.Correct)).sum(), parts.Sum(p => p.Targets));

    private static LossSums Outward(LossSums sums) =>
        sums with { Loss = sums.Loss.MoveToOuterDisposeScope(), Correct = sums.Correct.MoveToOuterDisposeScope() };
}
