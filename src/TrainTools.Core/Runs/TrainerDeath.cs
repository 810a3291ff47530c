using System.Globalization;
using System.Text;
using TrainTools.Core.Errors;

namespace TrainTools.Core.Runs;

/// <summary>Turns the end of a trainer that reported no result into one error that names the cause.</summary>
public static class TrainerDeath
{
    private const int TailLines = 6;

    /// <summary>Makes the error.</summary>
    /// <param name="exitCode">The process's exit code (128 + signal on Unix).</param>
    /// <param name="outOfMemory">Whether the system counted an out-of-memory kill meanwhile.</param>
    /// <param name="log">What the trainer printed, newest last.</param>
    /// <param name="folder">Its run folder; null for other verbs.</param>
    public static TrainToolsException Explain(int exitCode, bool outOfMemory, IReadOnlyList<string> log, RunFolder? folder)
    {
        var (cause, advice) = Cause(exitCode, outOfMemory);
        var tail = Tail(log);
        var checkpoint = folder is null ? null : NewestCheckpoint(folder);
        var message = new StringBuilder($"The trainer died: {cause}.");
        if (tail.Count > 0)
        {
            message.Append(CultureInfo.InvariantCulture, $" The end of its log: {string.Join(" | ", tail)}");
        }

        var remedy = new StringBuilder(advice);
        if (folder is not null)
        {
            remedy.Append(remedy.Length == 0 ? "" : " ").Append(checkpoint is null
                ? "There is no checkpoint yet: start again."
                : $"The state up to then is whole in the checkpoint '{checkpoint}'.");
            remedy.Append(CultureInfo.InvariantCulture, $" The whole log is '{folder.LogPath}'.");
        }

        var kind = outOfMemory ? ErrorKind.ResourceUnavailable : ErrorKind.Unexpected;
        return new TrainToolsException(ErrorIds.TrainerDied, kind, message.ToString(), remedy.Length == 0 ? null : remedy.ToString(), checkpoint ?? folder?.Path);
    }

    /// <summary>The complete checkpoint with the highest step; null if there is none.</summary>
    public static string? NewestCheckpoint(RunFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return !Directory.Exists(folder.CheckpointsPath) ? null : Directory.EnumerateDirectories(folder.CheckpointsPath, "step-*")
            .Where(d => int.TryParse(Path.GetFileName(d)["step-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out _) && File.Exists(Path.Combine(d, "state.json")))
            .OrderBy(d => int.Parse(Path.GetFileName(d)["step-".Length..], CultureInfo.InvariantCulture)).LastOrDefault();
    }

    private static (string Cause, string Advice) Cause(int exitCode, bool outOfMemory)
    {
        const string memory = "Lower per_device_train_batch_size or max_length, turn gradient_checkpointing on, or give the process more memory.";
        if (!OperatingSystem.IsWindows() && exitCode is > 128 and < 160)
        {
            var name = Signal(exitCode - 128);
            return name switch
            {
                "SIGKILL" when outOfMemory => ($"the system killed it because memory ran out ({name})", memory),
                "SIGKILL" => ($"it was killed ({name}), as the system does when memory runs out, or by someone", memory),
                "SIGABRT" => ($"it was aborted ({name}), as libtorch does on an error it does not hand back", ""),
                "SIGSEGV" => ($"it reached for memory that is not its own ({name})", ""),
                "SIGBUS" => ($"a file or memory it had mapped went away ({name}): a full disk, or a file that was cut short while it was read", ""),
                "SIGILL" => ($"this processor lacks an instruction that libtorch uses ({name})", ""),
                "SIGFPE" => ($"of an arithmetic fault ({name})", ""),
                _ => ($"it was ended by a signal ({name})", ""),
            };
        }

        return unchecked((uint)exitCode) switch
        {
            0 => ("it ended without a result", ""),
            0xC0000005 => ("it reached for memory that is not its own (access violation)", ""),
            0xC0000017 or 0xC000012D => ("memory ran out", memory),
            0xC000001D => ("this processor lacks an instruction that libtorch uses", ""),
            0xC0000409 => ("it was aborted (fail fast), as libtorch does on an error it does not hand back", ""),
            0xC0000135 or 0xC0000139 => ("a library it needs is missing or of another version", "Run Get-TrainingBackend."),
            _ => ($"it ended with exit code {exitCode} and without a result", ""),
        };
    }

    private static string Signal(int number) => number switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 when !OperatingSystem.IsMacOS() => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 when OperatingSystem.IsMacOS() => "SIGBUS",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        15 => "SIGTERM",
        _ => $"signal {number}",
    };

    /// <summary>The last lines that say something: no stack frames, no empty lines. Where a C++ exception ended it, from there on.</summary>
    private static List<string> Tail(IReadOnlyList<string> log)
    {
        var lines = log.Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith("frame #", StringComparison.Ordinal)
            && !l.StartsWith("at ", StringComparison.Ordinal) && !l.StartsWith("--- ", StringComparison.Ordinal)).ToList();
        var end = lines.FindLastIndex(l => l.StartsWith("terminate called", StringComparison.Ordinal) || l.StartsWith("Unhandled exception", StringComparison.Ordinal));
        return [.. (end < 0 ? lines.TakeLast(TailLines) : lines.Skip(end).Take(TailLines)).Select(l => l.Length > 300 ? l[..300] + "…" : l)];
    }
}
