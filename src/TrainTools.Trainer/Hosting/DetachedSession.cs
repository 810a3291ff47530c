using System.Runtime.InteropServices;

namespace TrainTools.Trainer.Hosting;

/// <summary>
/// Takes the process out of the terminal's session, so that neither Ctrl+C there nor closing it reaches a run that was
/// started to outlive it. On Windows the process that starts the trainer gives it no console, which does the same.
/// </summary>
internal static partial class DetachedSession
{
    /// <summary>Begins a session of its own. Where the process leads one already (a scheduler's), nothing is to be done.</summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = UnixSetSession();
        }
    }

    [LibraryImport("libc", EntryPoint = "setsid")]
    private static partial int UnixSetSession();
}
