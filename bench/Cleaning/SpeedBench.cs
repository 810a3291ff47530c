using System.Diagnostics;
using System.Globalization;
using TrainTools.Core.Cleaning;
using TrainTools.Core.Cleaning.Duplicates;
using TrainTools.Core.Cleaning.Pipeline;
using TrainTools.Core.Cleaning.Text;
using TrainTools.Core.Data;

namespace TrainTools.Bench.Cleaning;

/// <summary>How fast checks are and what memory they take. Every case runs in a process of its own, so that its peak is its own.</summary>
internal static class SpeedBench
{
    /// <summary>The command by which a case is run.</summary>
    public const string CaseCommand = "speed-case";

    private const int PairsEnd = 10_000;

    public static int Run(Arguments arguments)
    {
        var table = new Table(2, "text", "checks", "records", "MB", "threads", "s", "CPU s", "MB/s", "records/s", "MB/CPU s", "peak MB", "spilled MB", "removed");
        var checks = arguments.List<string>("checks", ["read", "exact", "near", "sft"]);
        var threads = arguments.List("threads", [1, 2]);
        foreach (var (name, file, isTemporary) in Texts(arguments))
        {
            foreach (var check in checks)
            {
                foreach (var count in check == "read" ? [1] : threads)
                {
                    table.Add([name, check, .. Case(file, check, count, arguments.Optional("memory-limit", 1L << 30))]);
                }
            }

            if (!isTemporary)
            {
                continue;
            }

            if (checks.Contains("near") && name.EndsWith("short", StringComparison.Ordinal) && File.ReadLines(file).Take(PairsEnd + 1).Count() <= PairsEnd)
            {
                table.Add([name, "all pairs", .. Case(file, "pairs", 1, 1L << 30)]);
            }

            File.Delete(file);
        }

        table.Print();
        return 0;
    }

    /// <summary>Runs one case and prints its figures on a line.</summary>
    public static int RunCase(Arguments arguments)
    {
        var file = arguments.Required("file");
        var check = arguments.Required("checks");
        var watch = Stopwatch.StartNew();
        var before = Process.GetCurrentProcess().TotalProcessorTime;
        var (records, removed, spilled) = check switch
        {
            "read" => (new DatasetReader().Read(file).LongCount(), 0L, 0L),
            "pairs" => AllPairs(file),
            _ => Clean(file, check, arguments.Optional("threads", 1), arguments.Optional("memory-limit", 1L << 30)),
        };
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{records} {watch.Elapsed.TotalSeconds:R} {(process.TotalProcessorTime - before).TotalSeconds:R} {process.PeakWorkingSet64} {spilled} {removed}"));
        return 0;
    }

    private static IEnumerable<(string Name, string File, bool IsTemporary)> Texts(Arguments arguments)
    {
        foreach (var file in arguments.Optional("texts")?.Split(',') ?? [])
        {
            yield return (Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)))!, file, false);
        }

        foreach (var size in arguments.List("sizes", ["short", "long"]))
        {
            foreach (var count in arguments.List("records", [10_000, 100_000, 1_000_000]))
            {
                if (size == "short" || count <= 100_000)
                {
                    yield return ($"generated, {size}", GeneratedText.Write(count, size == "short" ? 20 : 160), true);
                }
            }
        }
    }

    private static (long Records, long Removed, long Spilled) Clean(string file, string check, int threads, long memoryLimit)
    {
        using var run = new DatasetCleaner(new CleaningOptions
        {
            Include = check switch
            {
                "exact" => ["duplicate.exact"],
                "near" => ["duplicate.exact", "duplicate.near"],
                _ => [],
            },
            Threads = threads,
            MemoryLimit = memoryLimit,
        }).Run(new FileRecordSource([file], new DatasetReaderOptions { Threads = threads }));
        return (run.Records, run.Removed, run.SpilledBytes);
    }

    /// <summary>The naive way: the sets of shingles of all records, each pair compared.</summary>
    private static (long Records, long Pairs, long Spilled) AllPairs(string file)
    {
        var shingler = new Shingler(5);
        var sets = new DatasetReader().Read(file)
            .Select(r => shingler.Set(TextNormalizer.Normalize($"{r.Prompt}\u0001{r.Completion}", TextNormalization.Standard))).ToArray();
        long found = 0;
        for (var i = 1; i < sets.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (Shingler.Jaccard(sets[i], sets[j]) >= 0.8)
                {
                    found++;
                    break;
                }
            }
        }

        return (sets.Length, found, 0);
    }

    private static object?[] Case(string file, string check, int threads, long memoryLimit)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        foreach (var argument in (string[])[CaseCommand, "--file", file, "--checks", check, "--threads", Text(threads), "--memory-limit", Text(memoryLimit)])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{check} of {file} ended with {process.ExitCode}");
        }

        var figures = line.Split(' ').Select(f => double.Parse(f, CultureInfo.InvariantCulture)).ToArray();
        var megabytes = new FileInfo(file).Length / 1e6;
        Console.Error.WriteLine($"{check} x{threads}: {figures[1]:F1} s, {megabytes / figures[1]:F1} MB/s, {megabytes / figures[2]:F1} MB/CPU s, {figures[3] / 1e6:F0} MB");
        return [(long)figures[0], megabytes, threads, figures[1], figures[2], megabytes / figures[1], figures[0] / figures[1], megabytes / figures[2], figures[3] / 1e6, figures[4] / 1e6, (long)figures[5]];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
