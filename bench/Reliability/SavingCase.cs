using System.Diagnostics;
using TrainTools.Core.Runs;

namespace TrainTools.Bench.Reliability;

/// <summary>Saves a larger model a few times while it trains: how long it stood still, beside a plain copy of as many bytes and the write.</summary>
internal static class SavingCase
{
    public static int Run()
    {
        var folder = Directory.CreateTempSubdirectory("traintools-saving-").FullName;
        try
        {
            var run = MadeUpRun.Prepare(folder, new LlamaSizes(Hidden: 512, Layers: 8, Heads: 8, Intermediate: 1536, Vocabulary: 8192), steps: 40, saveSteps: 10, threads: null);
            var ended = Lab.Start(run).Finish();
            Console.WriteLine("  step      MB  stood still ms  copy ms  write ms   step ms");
            foreach (var saved in ended.Events.OfType<CheckpointSaved>())
            {
                var step = ended.Events.OfType<TrainingStep>().First(s => s.Step == saved.Step).StepSeconds;
                Console.WriteLine(FormattableString.Invariant(
                    $"{saved.Step,6}  {saved.Bytes / 1e6,6:F0}  {1000 * saved.HeldSeconds,14:F0}  {1000 * Copy(saved.Bytes ?? 0),7:F0}  {1000 * saved.WriteSeconds,8:F0}  {1000 * step,8:F0}"));
            }

            return ended.ExitCode;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Seconds to copy as many bytes into fresh memory, in pieces of 4 MB, as the state's tensors are.</summary>
    private static double Copy(long bytes)
    {
        var source = new byte[4 << 20];
        new Random(1).NextBytes(source);
        var clock = Stopwatch.StartNew();
        var copies = new List<byte[]>();
        for (long done = 0; done < bytes; done += source.Length)
        {
            var copy = GC.AllocateUninitializedArray<byte>(source.Length);
            source.CopyTo(copy, 0);
            copies.Add(copy);
        }

        GC.KeepAlive(copies);
        return clock.Elapsed.TotalSeconds;
    }
}
