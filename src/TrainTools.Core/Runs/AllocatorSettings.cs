namespace TrainTools.Core.Runs;

/// <summary>
/// Environment of a training process that makes glibc give tensors back whole. By default a tensor below 32 MB lies in a
/// heap that is cut into ever different pieces from step to step: a training step then takes a third more memory than its
/// tensors have (bench/Training). Tensors from 1 MB on get pages of their own; smaller ones stay in the heap, which is kept.
/// Getting those pages anew each time costs a fifth of a step on a virtual machine: the trainer keeps some of them for the next
/// tensor of the size, where it can (Linux on x86-64 and Arm).
/// </summary>
public static class AllocatorSettings
{
    /// <summary>Set to 1, the trainer keeps freed blocks of large tensors for the next ones.</summary>
    public const string ReuseVariable = "TRAINTOOLS_REUSE_BLOCKS";

    private static readonly Dictionary<string, string> Glibc = new()
    {
        ["MALLOC_MMAP_THRESHOLD_"] = "1048576",
        ["MALLOC_TRIM_THRESHOLD_"] = "17179869184",
        [ReuseVariable] = "1",
    };

    /// <summary>The variables to set: none outside Linux, and none where the user has chosen for himself (a MALLOC_ variable, or another allocator by LD_PRELOAD).</summary>
    public static IReadOnlyDictionary<string, string> For(bool linux, IEnumerable<string> present) =>
        linux && !present.Any(n => n.StartsWith("MALLOC_", StringComparison.Ordinal) || n is "LD_PRELOAD" or "GLIBC_TUNABLES") ? Glibc : new Dictionary<string, string>();
}
