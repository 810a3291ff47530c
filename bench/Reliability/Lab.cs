using System.Diagnostics;
using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Reliability;

/// <summary>How a trainer process ended.</summary>
internal sealed record Ended(int ExitCode, IReadOnlyList<TrainerEvent> Events)
{
    public TrainerError? Error => Events.OfType<TrainerError>().LastOrDefault();

    public IEnumerable<string> Warnings => Events.OfType<LogMessage>().Where(l => l.Level == "warning").Select(l => l.Message);
}

/// <summary>A folder to try things in, with one undisturbed run to compare with.</summary>
internal sealed class Lab : IDisposable
{
    private static readonly string Root = FindRoot();
    private int runs;

    public Lab(TrainingConfig? config = null)
    {
        Directory.CreateDirectory(Folder);
        Data = Path.Combine(Folder, "data.jsonl");
        File.WriteAllLines(Data, File.ReadLines(Path.Combine(Root, "examples", "data", "assistant.jsonl")).Take(40));
        Config = config ?? Standard();
        Reference = NewRun("reference");
        var clock = Stopwatch.StartNew();
        var ended = Start(Reference).Finish();
        if (ended.ExitCode != 0)
        {
            throw new InvalidOperationException($"the undisturbed run failed: {ended.Error?.Message}");
        }

        ReferenceTime = clock.Elapsed;
    }

    public static string Model { get; } = Path.Combine(Root, "examples", "stories260k");

    public string Folder { get; } = Directory.CreateTempSubdirectory("traintools-reliability-").FullName;

    public string Data { get; }

    public TrainingConfig Config { get; }

    public RunFolder Reference { get; }

    public TimeSpan ReferenceTime { get; }

    /// <summary>A run folder with the lab's configuration, changed or not.</summary>
    public RunFolder NewRun(string? path = null, Func<TrainingConfig, TrainingConfig>? change = null)
    {
        var folder = new RunFolder(Path.Combine(Folder, path ?? $"run{runs++}"));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(change is null ? Config : change(Config)));
        return folder;
    }

    /// <summary>Starts the trainer on a folder.</summary>
    public static Running Start(RunFolder folder, params IEnumerable<string> options) => new([DotNetRuntime.Find()!, typeof(RunEngine).Assembly.Location, "run", folder.Path, .. options]);

    /// <summary>Resumes to the end and tells whether everything is as in the undisturbed run, to the last bit.</summary>
    public string Resume(RunFolder folder, params IEnumerable<string> options)
    {
        var ended = Start(folder, ["--resume", "latest", .. options]).Finish();
        return ended.ExitCode != 0 ? $"exit {ended.ExitCode}: {ended.Error?.ErrorId}: {ended.Error?.Message}" : Same(folder);
    }

    /// <summary>"equal", or what differs from the undisturbed run.</summary>
    public string Same(RunFolder folder)
    {
        var model = Path.Combine("model", "model.safetensors");
        if (!File.ReadAllBytes(Path.Combine(Reference.Path, model)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(folder.Path, model))))
        {
            return "WEIGHTS DIFFER";
        }

        IEnumerable<(int, double, double)> Signals(RunFolder of) => RunMetrics.Read(of.MetricsPath).Steps.Select(s => (s.Step, s.Loss, s.GradNorm));
        return Signals(Reference).SequenceEqual(Signals(folder)) ? "equal" : "METRICS DIFFER";
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private TrainingConfig Standard() => new()
    {
        Model = new ModelConfig { ModelNameOrPath = Model },
        Data = new DataConfig { DatasetPath = [Data], MaxLength = 128, Packing = false },
        Optimization = new OptimizationConfig { LearningRate = 1e-3, MaxGradNorm = 1 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupSteps = 4 },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 1 },
        Duration = new DurationConfig { MaxSteps = 40 },
        Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Steps, SaveSteps = 4, SaveTotalLimit = 3 },
        Logging = new LoggingConfig { Tensorboard = false },
        Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
    };

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "TrainTools.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException("run this from the repository");
    }
}

/// <summary>A process under way whose output is kept.</summary>
internal sealed class Running
{
    private readonly List<TrainerEvent> events = [];
    private readonly Thread reader;

    public Running(IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment = null, bool holdInput = false)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        Process = Process.Start(start)!;
        if (!holdInput)
        {
            Process.StandardInput.Close();
        }

        Process.ErrorDataReceived += (_, _) => { };
        Process.BeginErrorReadLine();
        reader = new Thread(() =>
        {
            while (Process.StandardOutput.ReadLine() is { } line)
            {
                if (TrainerEvent.TryParse(line) is { } item)
                {
                    lock (events)
                    {
                        events.Add(item);
                    }
                }
            }
        }) { IsBackground = true };
        reader.Start();
    }

    public Process Process { get; }

    public IReadOnlyList<TrainerEvent> Events
    {
        get
        {
            lock (events)
            {
                return [.. events];
            }
        }
    }

    /// <summary>Waits until a step is done; false where the process ended before.</summary>
    public bool WaitForStep(int step)
    {
        while (!Events.OfType<TrainingStep>().Any(s => s.Step >= step))
        {
            if (Process.HasExited)
            {
                return false;
            }

            Thread.Sleep(5);
        }

        return true;
    }

    public Ended Finish()
    {
        Process.WaitForExit();
        reader.Join(TimeSpan.FromSeconds(10));
        return new Ended(Process.ExitCode, Events);
    }
}
