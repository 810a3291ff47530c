using System.Globalization;

namespace TrainTools.Core.Runs;

/// <summary>How often the kernel has killed for memory in this process's control group (Linux); other systems do not say.</summary>
internal static class OutOfMemoryCounter
{
    /// <summary>The count; 0 where it is not known.</summary>
    public static long Read()
    {
        if (!OperatingSystem.IsLinux())
        {
            return 0;
        }

        try
        {
            // Version 2: one hierarchy, "0::/path". Version 1: the memory controller's own.
            var own = File.ReadLines("/proc/self/cgroup").FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal))?[3..] ?? "/";
            string[] files = [$"/sys/fs/cgroup{own.TrimEnd('/')}/memory.events", "/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];
            var line = files.Where(File.Exists).SelectMany(File.ReadLines).FirstOrDefault(l => l.StartsWith("oom_kill ", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line["oom_kill ".Length..], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return 0;
        }
    }
}
