using System.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Many steps of a tiny model: resident memory and open handles must be flat, metrics complete.</summary>
internal static class LongRun
{
    public static int Run(int steps)
    {
        var folder = Directory.CreateTempSubdirectory("traintools-long-").FullName;
        try
        {
            var run = MadeUpRun.Prepare(folder, new LlamaSizes(Hidden: 16, Layers: 1, Heads: 2, Intermediate: 32, Vocabulary: 512), steps, saveSteps: Math.Max(1, steps / 20), threads: 1);
            var clock = Stopwatch.StartNew();
            var trainer = Lab.Start(run);
            Console.WriteLine("  step  resident MB  handles  threads");
            for (var at = Math.Max(1, steps / 10); at <= steps && trainer.WaitForStep(at); at += Math.Max(1, steps / 10))
            {
                trainer.Process.Refresh();
                var handles = Handles(trainer.Process);
                Console.WriteLine(FormattableString.Invariant($"{at,6}  {trainer.Process.WorkingSet64 / 1048576.0,11:F1}  {handles,7}  {trainer.Process.Threads.Count,7}"));
            }

            var ended = trainer.Finish();
            var logged = RunMetrics.Read(run.MetricsPath).Steps;
            var complete = logged.Count == steps && logged.Select((s, i) => s.Step == i + 1).All(x => x);
            Console.WriteLine(FormattableString.Invariant($"exit code {ended.ExitCode}, {logged.Count} of {steps} steps in metrics.jsonl{(complete ? ", each once and in order" : "")}, {clock.Elapsed.TotalSeconds:F0} s"));
            return ended.ExitCode == 0 && complete ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int Handles(Process process)
    {
        try
        {
            return OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length : process.HandleCount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return -1; // it has just ended
        }
    }
}
