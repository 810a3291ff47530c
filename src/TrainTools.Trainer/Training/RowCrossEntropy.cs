using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using TrainTools.Trainer.Models.Parts.Fused;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Training;

/// <summary>Cross-entropy of float32 logits on the CPU, a row at a time while it lies in the processor's cache.</summary>
internal static unsafe class RowCrossEntropy
{
    /// <summary>Whether these logits can go this way.</summary>
    public static bool Fits(Tensor logits) => WideKernels.Fit(logits);

    /// <summary>The sums; the logits become the loss's gradient.</summary>
    /// <param name="logits">[N, V].</param>
    /// <param name="targets">[N], int64.</param>
    /// <param name="scale">Factor of the gradient.</param>
    /// <param name="smoothing">Label smoothing.</param>
    public static LossSums Run(Tensor logits, Tensor targets, double scale, double smoothing)
    {
        var (rows, vocabulary) = ((int)logits.shape[0], (int)logits.shape[1]);
        var labels = CrossEntropyRow.Labels(targets, vocabulary);
        var (losses, right) = (new float[rows], new bool[rows]);
        var from = TensorMemory.Floats(logits);
        OperatorThreads.For(rows, i =>
            losses[i] = CrossEntropyRow.Run(from + ((long)i * vocabulary), vocabulary, labels[i], (float)scale, (float)smoothing, out right[i]));
        GC.KeepAlive(logits);

        // In the rows' order, whichever thread had which.
        return new LossSums(tensor((float)losses.Sum(l => (double)l)), tensor(right.LongCount(r => r)), rows);
    }
}
