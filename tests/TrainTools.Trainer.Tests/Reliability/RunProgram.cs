using System.Diagnostics;
using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>A run for <see cref="RunProgram"/>.</summary>
/// <param name="Folder">Its folder, with config.yaml.</param>
/// <param name="Resume">Whether to resume it.</param>
/// <param name="StopAfter">Step after which a stop is asked for; null = none.</param>
internal sealed record RunOrder(string Folder, bool Resume, int? StopAfter);

/// <summary>This test assembly as a program that does several real runs, one after the other: what a process more costs is paid once.</summary>
internal static class RunProgram
{
    public const string Verb = "runs";

    /// <summary>Does the runs in another process.</summary>
    public static void Do(string orders, params IEnumerable<RunOrder> runs)
    {
        File.WriteAllText(orders, JsonSerializer.Serialize(runs));
        using var process = Process.Start(new ProcessStartInfo(DotNetRuntime.Find()!, [typeof(RunProgram).Assembly.Location, Verb, orders])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors.Result + output.Result);
    }

    /// <summary>The program.</summary>
    public static int Execute(string orders)
    {
        foreach (var run in JsonSerializer.Deserialize<RunOrder[]>(File.ReadAllBytes(orders))!)
        {
            var folder = new RunFolder(run.Folder);
            var code = new RunVerb(new RunEngine()).Run(folder, new RunRequest { Resume = run.Resume ? ResumePlan.Latest : null }, new Stopper(folder, run.StopAfter));
            if (code != (run.StopAfter is null ? ExitCodes.Completed : ExitCodes.Stopped))
            {
                Console.Error.WriteLine($"{run}: exit code {code}");
                return 1;
            }
        }

        return 0;
    }

    /// <summary>A run folder with a configuration.</summary>
    public static RunFolder Prepare(string path, TrainingConfig config)
    {
        var folder = new RunFolder(path);
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        return folder;
    }

    private sealed class Stopper(RunFolder folder, int? after) : IEventSink
    {
        public void Send(TrainerEvent item)
        {
            if (item is TrainingStep step && step.Step == after)
            {
                RunControl.RequestStop(folder);
            }
        }
    }
}
