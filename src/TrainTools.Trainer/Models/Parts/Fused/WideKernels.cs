using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Models.Parts.Compact;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Models.Parts.Fused;

/// <summary>What the kernels written here for large layers have in common.</summary>
internal static class WideKernels
{
    /// <summary>Whether such kernels can be used here, and read and write these tensors; null = one that is not asked for.</summary>
    public static bool Fit(params ReadOnlySpan<Tensor?> tensors)
    {
        if (!OperatorThreads.Available || !CompactLayer.Allowed)
        {
            return false;
        }

        foreach (var tensor in tensors)
        {
            if (tensor is not null && !TensorMemory.IsFloats(tensor))
            {
                return false;
            }
        }

        return true;
    }
}
