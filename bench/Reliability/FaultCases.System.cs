using System.Diagnostics;
using System.Runtime.InteropServices;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <content>Faults of the system: disks, signals, clocks, memory.</content>
internal static partial class FaultCases
{
    private const string Clock =
        """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <time.h>
        /* Adds to the wall clock the seconds that a file holds; every other clock stays as it is. */
        int clock_gettime(clockid_t id, struct timespec *t) {
            static int (*real)(clockid_t, struct timespec *);
            if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
            int r = real(id, t);
            if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) {
                FILE *f = fopen(getenv("CLOCK_OFFSET_FILE"), "r");
                long s = 0;
                if (f) { if (fscanf(f, "%ld", &s) != 1) s = 0; fclose(f); }
                t->tv_sec += s;
            }
            return r;
        }
        """;

    private static void DiskFullBeforeSave(Lab lab) => OnDisk(lab, "a full disk, seen before the save", 13, (disk, folder) =>
    {
        var trainer = Lab.Start(folder);
        trainer.WaitForStep(6);
        Fill(disk, leave: 2 << 20);
        return trainer.Finish();
    });

    private static void DiskFullWithinSave(Lab lab) => OnDisk(lab, "a full disk, in the middle of a save", 13, (disk, folder) =>
    {
        var trainer = Lab.Start(folder);
        while (!trainer.Process.HasExited && RunCheckpoint.Find(folder).Count < 1)
        {
            Thread.Sleep(1);
        }

        while (!trainer.Process.HasExited && !Directory.EnumerateDirectories(folder.CheckpointsPath, "*.tmp").Any())
        {
        }

        Fill(disk, leave: 0);
        return trainer.Finish();
    });

    private static void DiskFullBetweenSaves(Lab lab) => OnDisk(lab, "a full disk, between saves", 20, (disk, folder) =>
    {
        var trainer = Lab.Start(folder);
        while (!trainer.Process.HasExited && RunCheckpoint.Find(folder).Count < 1)
        {
            Thread.Sleep(1);
        }

        Fill(disk, leave: 0);
        return trainer.Finish();
    });

    private static void DiskTooSmall(Lab lab) => OnDisk(lab, "a disk too small for the run", 4, (_, folder) => Lab.Start(folder).Finish());

    /// <summary>A run on a disk of its own, whose filling is taken away before it is resumed.</summary>
    private static void OnDisk(Lab lab, string name, int megabytes, Func<string, RunFolder, Ended> fault)
    {
        var disk = Path.Combine(lab.Folder, "disk");
        Directory.CreateDirectory(disk);
        Must($"mount -t tmpfs -o size={megabytes}m none '{disk}'");
        try
        {
            var folder = lab.NewRun("disk/run", c => c with { Checkpoints = c.Checkpoints with { SaveTotalLimit = 2 } });
            var ended = fault(disk, folder);
            var kept = Kept(folder);
            var outcome = RunOutcome.Read(folder.OutcomesPath) is [.., var last] ? $", outcome {last.State}" : ", no outcome line";
            File.Delete(Path.Combine(disk, "filling"));
            Must($"mount -o remount,size=40m '{disk}'");
            Row(name, Told(ended).Replace(lab.Folder, "", StringComparison.Ordinal), kept + outcome, lab.Resume(folder));
        }
        finally
        {
            Must($"umount -l '{disk}'");
        }
    }

    private static void Fill(string disk, long leave)
    {
        using var file = new FileStream(Path.Combine(disk, "filling"), FileMode.Create, FileAccess.Write, FileShare.None, 1);
        var block = new byte[4096];
        try
        {
            while (new DriveInfo(disk).AvailableFreeSpace > leave)
            {
                file.Write(block);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    private static void ReadOnlyFolder(Lab lab)
    {
        var disk = Path.Combine(lab.Folder, "readonly");
        Directory.CreateDirectory(disk);
        Must($"mount -t tmpfs -o size=40m none '{disk}'");
        try
        {
            var folder = Stopped(lab, 6, "readonly/run");
            Must($"mount -o remount,ro '{disk}'");
            var ended = Lab.Start(folder, "--resume", "latest").Finish();
            var kept = Kept(folder);
            Must($"mount -o remount,rw '{disk}'");
            Row("a read-only folder", Told(ended).Replace(lab.Folder, "", StringComparison.Ordinal), kept, lab.Resume(folder));
        }
        finally
        {
            Must($"umount -l '{disk}'");
        }
    }

    private static void ClockJumps(Lab lab)
    {
        var source = Path.Combine(lab.Folder, "clock.c");
        var library = Path.Combine(lab.Folder, "clock.so");
        var offset = Path.Combine(lab.Folder, "offset");
        File.WriteAllText(source, Clock);
        Must($"gcc -shared -fPIC -O1 -o '{library}' '{source}' -ldl");
        File.WriteAllText(offset, "0");
        var folder = lab.NewRun();
        var environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["CLOCK_OFFSET_FILE"] = offset };
        var trainer = Shell("exec " + Command(folder, "--max-duration 3600"), environment: environment);
        trainer.WaitForStep(8);
        File.WriteAllText(offset, "-86400");
        trainer.WaitForStep(16);
        File.WriteAllText(offset, "172800");
        trainer.WaitForStep(22);
        trainer.Process.Kill();
        trainer.Finish();
        File.WriteAllText(offset, "-3600");
        var resumed = Shell("exec " + Command(folder, "--resume latest --max-duration 3600"), environment: environment).Finish();
        var seconds = RunInfo.TryLoad(folder)?.Result?.TrainSeconds;
        var oldest = RunMetrics.Read(folder.MetricsPath).Steps.Min(s => s.StepSeconds);
        Row("the clock put back a day, on two days, killed, resumed an hour in the past", $"{Told(resumed)}; shortest step {oldest * 1000:F1} ms, training {seconds:F1} s; the limit of an hour did not strike", Kept(folder), lab.Same(folder));
    }

    private static void Stops(Lab lab)
    {
        foreach (var (name, signal) in new[] { ("SIGINT", 2), ("SIGTERM", 15), ("SIGHUP", 1) })
        {
            var folder = lab.NewRun();
            // Signals that a background shell ignores are taken back by `trap -`, as a terminal or a service manager has them.
            var trainer = Shell($"trap - {name}; exec {Command(folder)}");
            trainer.WaitForStep(9);
            _ = Kill(trainer.Process.Id, signal);
            var ended = trainer.Finish();
            Row(name, Told(ended), Kept(folder), lab.Resume(folder));
        }

        var byFile = lab.NewRun();
        var running = Lab.Start(byFile);
        running.WaitForStep(9);
        File.WriteAllText(byFile.StopRequestPath, "");
        Row("the file 'stop'", Told(running.Finish()), Kept(byFile), lab.Resume(byFile));

        var byTime = lab.NewRun();
        Row("--max-duration", Told(Lab.Start(byTime, "--max-duration", "0.001").Finish()), Kept(byTime), lab.Resume(byTime));

        var byMoment = lab.NewRun();
        Row("--stop-at", Told(Lab.Start(byMoment, "--stop-at", DateTimeOffset.Now.ToString("O")).Finish()), Kept(byMoment), lab.Resume(byMoment));
    }

    private static void ParentKilled(Lab lab)
    {
        var folder = lab.NewRun();
        // The shell holds the other end of the trainer's standard input, as Start-FineTune does.
        var shell = Shell($"mkfifo '{folder.Path}/input'; {Command(folder, "--watch-stdin")} < '{folder.Path}/input' & exec 3> '{folder.Path}/input'; wait");
        shell.WaitForStep(9);
        shell.Process.Kill();
        var limit = Stopwatch.StartNew();
        while (RunInfo.TryLoad(folder)?.State is null or RunState.Running && limit.Elapsed < TimeSpan.FromMinutes(5))
        {
            Thread.Sleep(50);
        }

        var run = FineTuneRun.Open(folder.Path);
        Row("the parent shell killed (SIGKILL)", $"{run.State} after step {run.Steps} because {run.StopReason}", Kept(folder), lab.Resume(folder));
    }

    private static void Detached(Lab lab)
    {
        var folder = lab.NewRun();
        var trainer = Shell("exec " + Command(folder, "--detach"));
        trainer.WaitForStep(5);
        _ = Kill(trainer.Process.Id, 1);
        var ended = trainer.Finish();
        Row("a hang-up sent to a detached run", Told(ended), Kept(folder), lab.Same(folder));
    }

    private static void OutOfMemory(Lab lab)
    {
        const string group = "/sys/fs/cgroup/memory/traintools-reliability";
        foreach (var (name, megabytes, atStep) in new[] { ("while it starts", 90, 0), ("while it trains", 500, 8) })
        {
            Must($"mkdir -p {group} && echo {megabytes}M > {group}/memory.limit_in_bytes");
            try
            {
                var folder = lab.NewRun();
                var command = new TrainerCommand("bash", ["-c", $"echo $$ > {group}/cgroup.procs; echo 1000 > /proc/self/oom_score_adj; exec '{DotNetRuntime.Find()}' '{typeof(Trainer.Training.RunEngine).Assembly.Location}' \"$@\"", "trainer"]);
                using var trainer = TrainerProcess.StartRun(command, folder);
                var told = "it was not killed";
                try
                {
                    foreach (var saved in trainer.Events().OfType<CheckpointSaved>().Where(c => c.Step == atStep))
                    {
                        // Another process of the group takes what memory there is; the system kills the trainer, which it is told to prefer.
                        _ = Kill(trainer.ProcessId, 19);
                        Must($"echo $$ > {group}/cgroup.procs; head -c {megabytes}M /dev/zero | tail -c {megabytes}M > /dev/null; true");
                        _ = Kill(trainer.ProcessId, 18);
                    }
                }
                catch (TrainToolsException e)
                {
                    told = $"{e.ErrorId}: {e.Message} {e.Remedy}".Replace(lab.Folder, "", StringComparison.Ordinal);
                }

                Row($"killed for memory {name} (a control group of {megabytes} MB)", told, Kept(folder), lab.Resume(folder));
            }
            finally
            {
                Must($"rmdir {group}");
            }
        }
    }

    private static void Must(string script)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script}: {error.Trim()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
