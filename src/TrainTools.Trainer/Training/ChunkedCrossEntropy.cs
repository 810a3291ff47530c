using TorchSharp;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Sums over a micro-batch. The tensors belong to the caller's scope.</summary>
/// <param name="Loss">Sum of the losses, float32 scalar.</param>
/// <param name="Correct">Predictions that were right, int64 scalar.</param>
/// <param name="Targets">How many targets the sums are over.</param>
public readonly record struct LossSums(Tensor Loss, Tensor Correct, long Targets)
{
    /// <summary>Float32 logits [targets or rows, labels] of an evaluation of labels; null elsewhere.</summary>
    public Tensor? Scores { get; init; }
}

/// <summary>
/// Next-token cross-entropy without ever holding all logits: hidden states go through the head a chunk at a time, and each
/// chunk's backward pass is done at once, so that one chunk's logits exist, and become their gradient in place. The head
/// runs once a token (nothing is recomputed), and only where a token is supervised. Softmax and loss are float32 whatever
/// the model computes in. A head that is a plain product needs no graph: its gradient grows chunk by chunk where it belongs.
/// </summary>
/// <param name="head">Logits [N, V] of hidden states [N, H].</param>
/// <param name="vocabulary">V.</param>
/// <param name="labelSmoothing">Share of the target spread evenly over the vocabulary, 0 to 1.</param>
/// <param name="chunkBytes">Bytes that one chunk's float32 logits may take; four times that before a plain head.</param>
/// <param name="sparing">Whether memory counts more than time: chunks before a plain head are no larger than others then.</param>
/// <param name="plainHead">Gives the head's layer where <paramref name="head"/> is nothing but its product; null or giving null = it goes through the graph.</param>
public sealed class ChunkedCrossEntropy(
    Func<Tensor, Tensor> head, long vocabulary, double labelSmoothing = 0, long chunkBytes = 16L << 20, Func<LinearLayer?>? plainHead = null, bool sparing = false)
{
    // A plain head's weight is laid out anew for each chunk, and its gradient, where it is trained, read and written: larger ones pay.
    private const long PlainFactor = 4;
    private const long LeastRows = 128;

    private readonly long chunk = Math.Max(1, chunkBytes / (4 * vocabulary));

    /// <summary>Loss and, into the parameters, the gradient of <paramref name="scale"/> × the sum of the losses.</summary>
    /// <param name="hidden">[N, H], in the graph of the forward pass. It is let go of before the graph's backward pass.</param>
    /// <param name="targets">[N], int64.</param>
    /// <param name="scale">Factor of the gradient: one over the supervised tokens of the window, times the loss scale.</param>
    public LossSums Backward(Tensor hidden, Tensor targets, double scale)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        using var scope = NewDisposeScope();
        if (plainHead?.Invoke() is { } layer && layer.Weight.Value.dtype == hidden.dtype)
        {
            return Plain(layer, hidden, targets, scale);
        }

        var count = hidden.shape[0];
        if (count <= chunk)
        {
            var logits = head(hidden);
            var (sums, gradient) = Gradient(logits, targets, scale, ours: false);
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
            var (sums, gradient) = Gradient(logits, targets.narrow(0, start, length), scale, ours: false);
            logits.backward([gradient]);
            gradients.Add(part.grad!.MoveToOuterDisposeScope());
            all.Add(Outward(sums));
        }

        GradientHandOver.Backward(hidden, cat(gradients, 0));
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
            var (shifted, _) = Shifted(head(hidden.narrow(0, start, length)), ours: plainHead?.Invoke() is not null);
            all.Add(Outward(Sums(shifted, targets.narrow(0, start, length).unsqueeze(1)).Sums));
        }

        return Outward(Total(all));
    }

    /// <summary>The head's part of the backward pass without a graph; then the rest of it.</summary>
    private LossSums Plain(LinearLayer layer, Tensor hidden, Tensor targets, double scale)
    {
        LossSums sums;
        Tensor gradients;
        using (no_grad())
        {
            gradients = empty_like(hidden);
            sums = CompactHead.Fits(layer, hidden) ? Kernels(layer, hidden, targets, gradients, scale) : Products(layer, hidden, targets, gradients, scale);
        }

        GradientHandOver.Backward(hidden, gradients);
        return Outward(sums);
    }

    private LossSums Kernels(LinearLayer layer, Tensor hidden, Tensor targets, Tensor gradients, double scale)
    {
        var (loss, correct) = CompactHead.Backward(layer, hidden, targets, gradients, scale, labelSmoothing, chunk);
        return new LossSums(tensor((float)loss), tensor(correct), hidden.shape[0]);
    }

    private LossSums Products(LinearLayer layer, Tensor hidden, Tensor targets, Tensor gradients, double scale)
    {
        var (count, weight) = (hidden.shape[0], layer.Weight.Value);
        var all = new List<LossSums>();

        // As even as can be: a short last chunk would read the whole weight for a few rows.
        var wanted = sparing ? Math.Max(LeastRows, chunk) : PlainFactor * chunk;
        var chunks = Math.Max(1, (count + wanted - 1) / wanted);
        var most = (count + chunks - 1) / chunks;
        using var room = empty([most, vocabulary], hidden.dtype, hidden.device);
        for (long start = 0; start < count; start += most)
        {
            var length = Math.Min(most, count - start);
            using var chunkScope = NewDisposeScope();
            var part = hidden.narrow(0, start, length);
            var (sums, gradient) = Gradient(room.narrow(0, 0, length).addmm_(part, weight.t(), 0, 1), targets.narrow(0, start, length), scale, ours: true);
            WeightGradient.AddProduct(weight, gradient, part);
            gradients.narrow(0, start, length).addmm_(gradient, weight, 0, 1);
            all.Add(Outward(sums));
        }

        return Total(all);
    }

    // d loss / d logits = softmax - target distribution. Logits that nobody else needs become it in place.
    private (LossSums Sums, Tensor Gradient) Gradient(Tensor logits, Tensor targets, double scale, bool ours)
    {
        using var grad = no_grad();
        if (ours && RowCrossEntropy.Fits(logits))
        {
            return (RowCrossEntropy.Run(logits, targets, scale, labelSmoothing), logits);
        }

        var (shifted, type) = Shifted(logits, ours);
        var index = targets.unsqueeze(1);
        var (sums, total) = Sums(shifted, index);
        var gradient = shifted.mul_(total.reciprocal_().mul_(scale));
        if (labelSmoothing > 0)
        {
            gradient.sub_(scale * labelSmoothing / vocabulary);
        }

        gradient.scatter_add_(1, index, full(index.shape, scale * (labelSmoothing - 1), ScalarType.Float32, index.device));
        return (sums, gradient.dtype == type ? gradient : gradient.to_type(type));
    }

    // Logits less the row's largest, in float32; a copy unless they may be changed.
    private static (Tensor Shifted, ScalarType Type) Shifted(Tensor logits, bool ours)
    {
        var wide = logits.dtype == ScalarType.Float32 ? logits : logits.to_type(ScalarType.Float32);
        var largest = wide.amax([-1], keepdim: true);
        return (ours || !ReferenceEquals(wide, logits) ? wide.sub_(largest) : wide.sub(largest), logits.dtype);
    }

    /// <summary>Losses of shifted logits, which become their exponentials; the sums of those [N, 1].</summary>
    private (LossSums Sums, Tensor Total) Sums(Tensor shifted, Tensor index)
    {
        var chosen = shifted.gather(1, index);
        var mean = labelSmoothing > 0 ? shifted.mean([-1], keepdim: true) : null;
        var total = shifted.exp_().sum(-1, keepdim: true);
        var normalizer = total.log();
        var loss = normalizer.sub(chosen).sum();
        if (mean is not null)
        {
            loss = loss.mul_(1 - labelSmoothing).add_(normalizer.sub(mean).sum().mul_(labelSmoothing));
        }

        return (new LossSums(loss, chosen.eq(0).sum(), index.shape[0]), total);
    }

    private static LossSums Total(List<LossSums> parts) => parts.Count == 1 ? parts[0] : new LossSums(
        stack(parts.Select(p => p.Loss)).sum(), stack(parts.Select(p => p.Correct)).sum(), parts.Sum(p => p.Targets));

    private static LossSums Outward(LossSums sums) =>
        sums with { Loss = sums.Loss.MoveToOuterDisposeScope(), Correct = sums.Correct.MoveToOuterDisposeScope() };
}
