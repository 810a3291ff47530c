using System.Numerics;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>Cross-entropy of one row of logits, which become the loss's gradient in place: three passes over the row.</summary>
internal static unsafe class CrossEntropyRow
{
    /// <summary>
    /// loss = (1 - s) · (log Σ exp(x) - x[target]) + s · (log Σ exp(x) - mean(x)); x becomes
    /// scale · (softmax(x) - s / V - (1 - s) · [i = target]).
    /// </summary>
    /// <param name="logits">x, [V].</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="target">The label.</param>
    /// <param name="scale">Factor of the gradient.</param>
    /// <param name="smoothing">s.</param>
    /// <param name="correct">Whether no other logit is larger than the target's.</param>
    public static float Run(float* logits, int vocabulary, long target, float scale, float smoothing, out bool correct)
    {
        var largest = Largest(logits, vocabulary);
        var chosen = logits[target] - largest;
        var mean = smoothing > 0 ? Mean(logits, vocabulary) - largest : 0;
        correct = chosen == 0;
        var total = Exponentials(logits, vocabulary, largest);
        var factor = scale / total;
        var even = scale * smoothing / vocabulary;
        var lanes = Vector<float>.Count;
        var i = 0;
        for (; i <= vocabulary - lanes; i += lanes)
        {
            Vector.Store((Vector.Load(logits + i) * factor) - new Vector<float>(even), logits + i);
        }

        for (; i < vocabulary; i++)
        {
            logits[i] = (logits[i] * factor) - even;
        }

        logits[target] += scale * (smoothing - 1);
        var normalizer = MathF.Log(total);
        return ((1 - smoothing) * (normalizer - chosen)) + (smoothing * (normalizer - mean));
    }

    /// <summary>Labels as they are in memory, each of them within the vocabulary: the kernels write where they point to.</summary>
    /// <param name="targets">[N], int64.</param>
    /// <param name="vocabulary">V.</param>
    public static long[] Labels(Tensor targets, int vocabulary)
    {
        var labels = targets.data<long>().ToArray();
        foreach (var label in labels)
        {
            if (label < 0 || label >= vocabulary)
            {
                throw new ArgumentOutOfRangeException(nameof(targets), label, $"A label lies outside the vocabulary of {vocabulary}.");
            }
        }

        return labels;
    }

    // NaN where one is there.
    private static float Largest(float* x, int count)
    {
        var lanes = Vector<float>.Count;
        var (one, other) = (new Vector<float>(float.NegativeInfinity), new Vector<float>(float.NegativeInfinity));
        var i = 0;
        for (; i <= count - (2 * lanes); i += 2 * lanes)
        {
            one = Vector.Max(one, Vector.Load(x + i));
            other = Vector.Max(other, Vector.Load(x + i + lanes));
        }

        var largest = RowKernel.Largest(Vector.Max(one, other));
        for (; i < count; i++)
        {
            largest = MathF.Max(largest, x[i]);
        }

        return largest;
    }

    private static float Mean(float* x, int count)
    {
        double sum = 0;
        for (var i = 0; i < count; i++)
        {
            sum += x[i];
        }

        return (float)(sum / count);
    }

    // x becomes exp(x - largest); gives their sum, in four chains a lane so that long rows lose little.
    private static float Exponentials(float* x, int count, float largest)
    {
        var lanes = Vector<float>.Count;
        var shift = new Vector<float>(largest);
        var (first, second, third, fourth) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i <= count - (4 * lanes); i += 4 * lanes)
        {
            var (a, b) = (Exponential.Of(Vector.Load(x + i) - shift), Exponential.Of(Vector.Load(x + i + lanes) - shift));
            var (c, d) = (Exponential.Of(Vector.Load(x + i + (2 * lanes)) - shift), Exponential.Of(Vector.Load(x + i + (3 * lanes)) - shift));
            Vector.Store(a, x + i);
            Vector.Store(b, x + i + lanes);
            Vector.Store(c, x + i + (2 * lanes));
            Vector.Store(d, x + i + (3 * lanes));
            (first, second, third, fourth) = (first + a, second + b, third + c, fourth + d);
        }

        for (; i <= count - lanes; i += lanes)
        {
            var a = Exponential.Of(Vector.Load(x + i) - shift);
            Vector.Store(a, x + i);
            first += a;
        }

        var sum = Vector.Sum(first + second + (third + fourth));
        for (; i < count; i++)
        {
            sum += x[i] = MathF.Exp(x[i] - largest);
        }

        return sum;
    }
}
