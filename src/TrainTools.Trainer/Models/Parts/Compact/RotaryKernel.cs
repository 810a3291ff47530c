using System.Runtime.Intrinsics;

namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>Rotary positions of one head in place, as <see cref="RotaryEmbedding.Apply"/> has them: the sines' first half is negated.</summary>
internal static unsafe class RotaryKernel
{
    /// <summary>y[i] = x[i] · cos[i] + x[i ± half] · sin[i].</summary>
    public static void Rotate(float* x, float* cos, float* sin, int dimensions) => Turn(x, cos, sin, 0, dimensions / 2);

    /// <summary>The gradient through it: the sines change places.</summary>
    public static void RotateBack(float* x, float* cos, float* sin, int dimensions) => Turn(x, cos, sin, dimensions / 2, dimensions / 2);

    private static void Turn(float* x, float* cos, float* sin, int first, int half)
    {
        var second = half - first;
        var i = 0;
        for (; i <= half - 4; i += 4)
        {
            var (a, b) = (Vector128.Load(x + i), Vector128.Load(x + half + i));
            Vector128.Store((a * Vector128.Load(cos + i)) + (b * Vector128.Load(sin + first + i)), x + i);
            Vector128.Store((b * Vector128.Load(cos + half + i)) + (a * Vector128.Load(sin + second + i)), x + half + i);
        }

        for (; i < half; i++)
        {
            var (a, b) = (x[i], x[half + i]);
            x[i] = (a * cos[i]) + (b * sin[first + i]);
            x[half + i] = (b * cos[half + i]) + (a * sin[second + i]);
        }
    }
}
