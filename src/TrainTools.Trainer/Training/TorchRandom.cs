using TorchSharp;

namespace TrainTools.Trainer.Training;

/// <summary>libtorch's generators, on every device.</summary>
internal static class TorchRandom
{
    /// <summary>Seeds them.</summary>
    public static void Seed(long seed)
    {
        using var generator = torch.random.manual_seed(seed);
    }
}
