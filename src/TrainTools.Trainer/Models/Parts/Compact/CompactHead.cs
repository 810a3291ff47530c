using TorchSharp;
using TrainTools.Trainer.Backend;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>
/// Head and cross-entropy of a small model without operators: logits, loss and the hidden states' gradient some rows at a time,
/// then the weight's gradient, all threads sharing each loop.
/// </summary>
internal static unsafe class CompactHead
{
    private const int LargestWeight = 1 << 20;
    private const int Block = CompactSizes.Block;

    /// <summary>Whether the head and these hidden states can go this way.</summary>
    public static bool Fits(LinearLayer head, Tensor hidden) =>
        CompactLayer.Allowed && head.InFeatures <= CompactLayer.LargestHidden && head.InFeatures * head.OutFeatures <= LargestWeight
        && TensorMemory.IsFloats(hidden) && TensorMemory.IsFloats(head.Weight.Value);

    /// <summary>Losses and right predictions summed, and the gradient of hidden states; the weight's gradient is added where it belongs.</summary>
    /// <param name="head">The head.</param>
    /// <param name="hidden">[N, H].</param>
    /// <param name="targets">[N].</param>
    /// <param name="gradient">Gradient of hidden states, [N, H]; it is written.</param>
    /// <param name="scale">Factor of the gradient.</param>
    /// <param name="smoothing">Label smoothing.</param>
    /// <param name="chunk">Most rows whose logits exist at a time.</param>
    public static (double Loss, long Correct) Backward(LinearLayer head, Tensor hidden, Tensor targets, Tensor gradient, double scale, double smoothing, long chunk)
    {
        var (width, vocabulary) = ((int)head.InFeatures, (int)head.OutFeatures);
        var tokens = (int)hidden.shape[0];
        var step = (int)Math.Min(chunk, tokens);
        using var packed = empty([width, vocabulary]);
        using var logits = empty([step, vocabulary]);
        var (losses, right) = (new float[tokens], new bool[tokens]);
        var labels = CrossEntropyRow.Labels(targets, vocabulary);
        var weight = TensorMemory.Floats(head.Weight.Value);
        var transposed = TensorMemory.Floats(packed);
        var scores = TensorMemory.Floats(logits);
        var from = TensorMemory.Floats(hidden);
        var to = TensorMemory.Floats(gradient);
        MatrixKernel.Transpose(weight, width, transposed, vocabulary, vocabulary, width);
        for (var start = 0; start < tokens; start += step)
        {
            var (at, length) = (start, Math.Min(step, tokens - start));
            WorkerThreads.For(CompactSizes.Blocks(length), block =>
            {
                var first = block * Block;
                var rows = Math.Min(Block, length - first);
                var part = scores + ((long)first * vocabulary);
                MatrixKernel.Multiply(from + ((long)(at + first) * width), width, 1, transposed, vocabulary, part, vocabulary, rows, vocabulary, width, adds: false);
                for (var i = 0; i < rows; i++)
                {
                    var token = at + first + i;
                    losses[token] = CrossEntropyRow.Run(part + ((long)i * vocabulary), vocabulary, labels[token], (float)scale, (float)smoothing, out right[token]);
                }

                MatrixKernel.Multiply(part, vocabulary, 1, weight, width, to + ((long)(at + first) * width), width, rows, width, vocabulary, adds: false);
            });

            var sums = new CompactGradients(length);
            sums.Add(head, scores, vocabulary, from + ((long)at * width), width);
            sums.Run();
        }

        double loss = 0;
        long correct = 0;
        for (var i = 0; i < tokens; i++)
        {
            loss += losses[i];
            correct += right[i] ? 1 : 0;
        }

        GC.KeepAlive(hidden);
        GC.KeepAlive(gradient);
        return (loss, correct);
    }
}
