namespace TrainTools.Trainer.Models.Parts.Compact;

/// <summary>Sizes of a layer, and where in one piece of memory what its backward pass needs of the forward pass lies.</summary>
/// <param name="Hidden">H.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="HeadDim">D.</param>
/// <param name="Intermediate">I.</param>
internal sealed record CompactSizes(int Hidden, int Heads, int KeyValueHeads, int HeadDim, int Intermediate)
{
    /// <summary>Tokens a task takes where tokens are independent.</summary>
    public const int Block = 32;

    /// <summary>Width of all query heads together.</summary>
    public int Attended => Heads * HeadDim;

    /// <summary>Width of queries, keys and values side by side.</summary>
    public int Projected => (Heads + (2 * KeyValueHeads)) * HeadDim;

    /// <summary>Place of the keys in it.</summary>
    public int Keys => Attended;

    /// <summary>Place of the values in it.</summary>
    public int Values => (Heads + KeyValueHeads) * HeadDim;

    /// <summary>Numbers kept for the backward pass of that many tokens.</summary>
    public long Kept(long tokens) => tokens * (Projected + Attended + Hidden + (2 * Intermediate) + Heads + 2);

    /// <summary>Numbers that the backward pass needs for itself.</summary>
    public long Passing(long tokens) => (tokens * (Projected + Attended + (3 * Hidden) + Intermediate)) + (Blocks(tokens) * 2 * Hidden);

    /// <summary>Numbers of the weights, transposed.</summary>
    public long Weights => ((long)Hidden * Projected) + ((long)Attended * Hidden) + (3L * Hidden * Intermediate);

    /// <summary>Blocks of tokens.</summary>
    public static int Blocks(long tokens) => (int)((tokens + Block - 1) / Block);
}

/// <summary>What the forward pass leaves: [tokens, …] each, one after another in one tensor.</summary>
internal readonly unsafe struct CompactKept(CompactSizes sizes, float* start, long tokens)
{
    /// <summary>Queries and keys (rotated) and values, [N, P].</summary>
    public float* Projected { get; } = start;

    /// <summary>What attention gave, [N, A].</summary>
    public float* Attended { get; } = start + (tokens * sizes.Projected);

    /// <summary>The sum after attention, [N, H].</summary>
    public float* Middle { get; } = start + (tokens * (sizes.Projected + sizes.Attended));

    /// <summary>Gate and up side by side, [N, 2 · I]; the backward pass puts their gradients in their place.</summary>
    public float* Gated { get; } = start + (tokens * (sizes.Projected + sizes.Attended + sizes.Hidden));

    /// <summary>One over the root mean square of the layer's input, [N].</summary>
    public float* FirstInverse { get; } = start + (tokens * (sizes.Projected + sizes.Attended + sizes.Hidden + (2 * sizes.Intermediate)));

    /// <summary>The same of <see cref="Middle"/>, [N].</summary>
    public float* SecondInverse { get; } = start + (tokens * (sizes.Projected + sizes.Attended + sizes.Hidden + (2 * sizes.Intermediate) + 1));

    /// <summary>log Σ exp(score), [heads, N].</summary>
    public float* LogSum { get; } = start + (tokens * (sizes.Projected + sizes.Attended + sizes.Hidden + (2 * sizes.Intermediate) + 2));
}

/// <summary>What the backward pass makes on its way.</summary>
internal readonly unsafe struct CompactPassing(CompactSizes sizes, float* start, long tokens)
{
    /// <summary>Gradient of <see cref="CompactKept.Projected"/>.</summary>
    public float* Projected { get; } = start;

    /// <summary>Gradient of <see cref="CompactKept.Attended"/>.</summary>
    public float* Attended { get; } = start + (tokens * sizes.Projected);

    /// <summary>Gradient of <see cref="CompactKept.Middle"/>.</summary>
    public float* Middle { get; } = start + (tokens * (sizes.Projected + sizes.Attended));

    /// <summary>The first norm's output, [N, H].</summary>
    public float* FirstNormed { get; } = start + (tokens * (sizes.Projected + sizes.Attended + sizes.Hidden));

    /// <summary>The second norm's output, [N, H].</summary>
    public float* SecondNormed { get; } = start + (tokens * (sizes.Projected + sizes.Attended + (2 * sizes.Hidden)));

    /// <summary>silu(gate) · up, [N, I].</summary>
    public float* Product { get; } = start + (tokens * (sizes.Projected + sizes.Attended + (3 * sizes.Hidden)));

    /// <summary>Each block's share of the norms' gradients, [blocks, 2 · H].</summary>
    public float* Norms { get; } = start + (tokens * (sizes.Projected + sizes.Attended + (3 * sizes.Hidden) + sizes.Intermediate));
}
