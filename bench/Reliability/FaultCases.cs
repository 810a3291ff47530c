using System.Diagnostics;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>One fault after the other: what happened, what was kept, whether the run can go on.</summary>
internal static partial class FaultCases
{
    private static readonly List<(string Name, Action<Lab> Do)> All =
    [
        ("a full disk, seen before the save", DiskFullBeforeSave),
        ("a full disk, in the middle of a save", DiskFullWithinSave),
        ("a full disk, between saves", DiskFullBetweenSaves),
        ("a disk too small for the run", DiskTooSmall),
        ("a read-only folder", ReadOnlyFolder),
        ("a data file deleted", lab => Changed(lab, "data deleted", (l, _) => File.Move(l.Data, l.Data + ".away"), (l, _) => File.Move(l.Data + ".away", l.Data))),
        ("a data file changed", lab => Changed(lab, "data changed", (l, _) => File.AppendAllText(l.Data, "{\"text\": \"one more\"}\n"), (l, _) => CutLastLine(l.Data))),
        ("a setting changed", lab => Changed(lab, "setting changed", (_, f) => Replace(f.ConfigPath, "learning_rate: 0.001", "learning_rate: 0.002"), (_, f) => Replace(f.ConfigPath, "learning_rate: 0.002", "learning_rate: 0.001"))),
        ("a checkpoint damaged, each file of it", DamagedFiles),
        ("a second trainer", SecondTrainer),
        ("a lock left over, as after a power cut", StaleLock),
        ("clock jumps", ClockJumps),
        ("an unreadable end of metrics.jsonl", MetricsTail),
        ("signals, a stop file, a time limit", Stops),
        ("the parent shell killed", ParentKilled),
        ("the terminal closed under a detached run", Detached),
        ("standard output broken", BrokenOutput),
        ("killed for memory", OutOfMemory),
    ];

    public static int Run(string[] names)
    {
        using var lab = new Lab();
        Console.WriteLine($"undisturbed run: {lab.ReferenceTime.TotalSeconds:F1} s\n\n| Fault | What happened | What was kept | Resumed |\n|---|---|---|---|");
        foreach (var (name, run) in All.Where(a => names.Length == 0 || names.Any(n => a.Name.Contains(n, StringComparison.OrdinalIgnoreCase))))
        {
            try
            {
                run(lab);
            }
            catch (Exception e)
            {
                Row(name, $"NOT TRIED: {e.Message}", "", "");
            }
        }

        return 0;
    }

    private static void Row(string fault, string happened, string kept, string resumed) =>
        Console.WriteLine($"| {fault} | {happened.Replace("|", "\\|", StringComparison.Ordinal)} | {kept} | {resumed} |");

    private static string Told(Ended ended)
    {
        var error = ended.Error;
        var result = ended.Events.OfType<RunResult>().LastOrDefault();
        var reason = ended.Events.OfType<LogMessage>().LastOrDefault(l => l.Message.Contains("stopped after", StringComparison.Ordinal))?.Message;
        return $"exit {ended.ExitCode}{(error is null ? result is null ? "" : $", {result.State} after step {result.Steps}" : $", {error.ErrorId}: {error.Message}")}{(reason is null ? "" : $" \"{reason}\"")}";
    }

    /// <summary>Checkpoints that are there and whole, and what run.json says.</summary>
    private static string Kept(RunFolder folder)
    {
        var all = RunCheckpoint.Find(folder);
        var bad = all.Count(KillCase.IsDamaged);
        return $"{string.Join(", ", all.Select(c => c.Step))}{(bad > 0 ? $" ({bad} DAMAGED)" : all.Count > 0 ? " (whole)" : "no checkpoint yet")}; {(RunInfo.TryLoad(folder) is null ? "run.json UNREADABLE" : FineTuneRun.Open(folder.Path).State)}";
    }

    /// <summary>A run that was stopped after a step.</summary>
    private static RunFolder Stopped(Lab lab, int step, string? path = null)
    {
        var folder = lab.NewRun(path);
        var trainer = Lab.Start(folder);
        trainer.WaitForStep(step);
        RunControl.RequestStop(folder);
        trainer.Finish();
        return folder;
    }

    private static void Changed(Lab lab, string name, Action<Lab, RunFolder> change, Action<Lab, RunFolder> back)
    {
        var folder = Stopped(lab, 10);
        change(lab, folder);
        try
        {
            var refused = Lab.Start(folder, "--resume", "latest").Finish();
            var kept = Kept(folder);
            string forced;
            if (name == "data deleted")
            {
                forced = "";
            }
            else
            {
                var copy = Copy(folder, lab);
                var ended = Lab.Start(copy, "--resume", "latest", "--force").Finish();
                forced = $"; with --force exit {ended.ExitCode}: \"{ended.Warnings.FirstOrDefault()}\"";
            }

            back(lab, folder);
            Row(name, Told(refused), kept, lab.Resume(folder) + " after it was put back" + forced);
        }
        catch
        {
            back(lab, folder);
            throw;
        }
    }

    private static void DamagedFiles(Lab lab)
    {
        var whole = Stopped(lab, 14);
        var newest = RunCheckpoint.Find(whole)[^1];
        foreach (var file in Directory.EnumerateFiles(newest.Path).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal))
        {
            foreach (var (how, damage) in ((string, Action<string>)[])[("truncated", Truncate), ("one bit flipped", Flip), ("deleted", File.Delete)])
            {
                var folder = Copy(whole, lab);
                damage(Path.Combine(RunCheckpoint.Find(folder)[^1].Path, file));
                var ended = Lab.Start(folder, "--resume", "latest").Finish();
                var warning = ended.Warnings.FirstOrDefault(w => w.Contains("damaged", StringComparison.Ordinal)) ?? "NO WARNING";
                var from = Path.GetFileName(RunInfo.TryLoad(folder)?.ResumedFrom);
                Row($"{file} {how}", $"exit {ended.ExitCode}, resumed from {from}: \"{warning.Replace(folder.Path, "RUN", StringComparison.Ordinal)}\"", Kept(folder), ended.ExitCode == 0 ? lab.Same(folder) : "");
                Directory.Delete(folder.Path, recursive: true);
            }
        }

        // The run folder of the copies was another: what is compared are contents, not places.
    }

    private static void SecondTrainer(Lab lab)
    {
        var folder = lab.NewRun();
        var first = Lab.Start(folder);
        first.WaitForStep(3);
        var second = Lab.Start(folder, "--resume", "latest").Finish();
        var ended = first.Finish();
        Row("a second trainer", Told(second), $"the first: {Told(ended)}", lab.Same(folder));
    }

    private static void StaleLock(Lab lab)
    {
        foreach (var host in new[] { Environment.MachineName, "another-machine" })
        {
            var folder = lab.NewRun();
            var trainer = Lab.Start(folder);
            trainer.WaitForStep(10);
            trainer.Process.Kill();
            trainer.Finish();
            var info = RunInfo.TryLoad(folder)! with { Host = host, ProcessId = 4711 };
            info.Save(folder);
            File.SetLastWriteTimeUtc(folder.LockPath, DateTime.UtcNow);
            var kept = Kept(folder);
            var clock = Stopwatch.StartNew();
            var same = lab.Resume(folder);
            Row($"a lock left over, run.json says {(host == Environment.MachineName ? "this" : "another")} machine", $"the lock file is there and nobody holds it; resumed without a word after {clock.Elapsed.TotalSeconds:F0} s in all", kept, same);
        }
    }

    private static void MetricsTail(Lab lab)
    {
        var folder = Stopped(lab, 10);
        using (var stream = new FileStream(folder.MetricsPath, FileMode.Append))
        {
            stream.Write([0, 0xFF, 0xFE, (byte)'{', (byte)'\n', 0x80]);
            stream.Write("{\"step\": 11, \"lo"u8);
        }

        var read = RunMetrics.Read(folder.MetricsPath).Steps.Count;
        Row("an unreadable end of metrics.jsonl", $"readers see the {read} whole steps", Kept(folder), lab.Resume(folder));
    }

    private static void BrokenOutput(Lab lab)
    {
        var folder = lab.NewRun();
        var ended = Shell($"{Command(folder)} | head -n 2").Finish();
        var limit = Stopwatch.StartNew();
        while (RunInfo.TryLoad(folder)?.State is null or RunState.Running && limit.Elapsed < TimeSpan.FromMinutes(5))
        {
            Thread.Sleep(100);
        }

        Row("standard output broken (| head -n 2)", $"the run goes on without a reader; the shell saw exit {ended.ExitCode}", Kept(folder), lab.Same(folder));
    }

    private static RunFolder Copy(RunFolder folder, Lab lab)
    {
        var copy = lab.NewRun();
        foreach (var file in Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy.Path, Path.GetRelativePath(folder.Path, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }

        return copy;
    }

    private static void Truncate(string path)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(file.Length / 2);
    }

    private static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 4;
        File.WriteAllBytes(path, bytes);
    }

    private static void CutLastLine(string path) => File.WriteAllLines(path, File.ReadAllLines(path)[..^1]);

    private static void Replace(string path, string old, string now) => File.WriteAllText(path, File.ReadAllText(path).Replace(old, now, StringComparison.Ordinal));

    private static string Command(RunFolder folder, string options = "") =>
        $"'{DotNetRuntime.Find()}' '{typeof(Trainer.Training.RunEngine).Assembly.Location}' run '{folder.Path}' {options}";

    private static Running Shell(string script, bool holdInput = false, IReadOnlyDictionary<string, string>? environment = null) => new(["bash", "-c", script], environment, holdInput);
}
