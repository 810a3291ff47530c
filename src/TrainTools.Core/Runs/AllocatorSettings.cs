namespace TrainTools.Core.Runs;

/// <summary>
/// Environment of a training process that makes glibc keep freed memory. By default every tensor above 32 MB is mapped
/// afresh and given back, and the kernel clears its pages again at each step: on virtual machines a noticeable share of
/// the step. The peak stays the same; what was used at the peak stays with the process until it ends.
/// </summary>
public static class AllocatorSettings
{
    private static readonly Dictionary<string, string> Glibc = new()
    {
        ["MALLOC_MMAP_THRESHOLD_"] = "1073741824",
        ["MALLOC_TRIM_THRESHOLD_"] = "17179869184",
    };

    /// <summary>The variables to set: none outside Linux, and none where the user has chosen for himself (a MALLOC_ variable, or another allocator by LD_PRELOAD).</summary>
    public static IReadOnlyDictionary<string, string> For(bool linux, IEnumerable<string> present) =>
        linux && !present.Any(n => n.StartsWith("MALLOC_", StringComparison.Ordinal) || n is "LD_PRELOAD" or "GLIBC_TUNABLES") ? Glibc : new Dictionary<string, string>();
}
