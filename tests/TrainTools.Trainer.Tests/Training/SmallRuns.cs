using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Probes;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>A finished run of <see cref="SmallRuns"/>.</summary>
internal sealed record SmallRun(RunFolder Folder, List<TrainerEvent> Events)
{
    public IReadOnlyList<Diagnosis> Diagnoses => FineTuneRun.Open(Folder.Path).Diagnoses;
}

/// <summary>Short real trainings of the small model on made-up sentences, through the trainer's own engine.</summary>
internal sealed class SmallRuns : IDisposable
{
    private const int RubbishEvery = 41;
    private static readonly string Stories = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private static readonly string[] Names = ["Tom", "Lily", "Ben", "Mia", "Sam", "Anna", "Max", "Sue", "Tim", "Amy", "Jack", "Lucy"];
    private static readonly string[] Things = ["a red ball", "a big dog", "the old tree", "a small cat", "his toy car", "the blue bird", "a warm hat", "the park", "a sweet cake", "her mom", "a green frog", "the moon"];
    private static readonly string[] Acts = ["saw", "liked", "found", "lost", "played with", "ran to", "talked about", "was afraid of", "dreamed of", "looked for"];
    private readonly TemporaryFolder temporary = new();
    private int count;

    /// <summary>Whether a record of <see cref="WithRubbish"/> is rubbish.</summary>
    public static bool IsRubbish(long record) => record % RubbishEvery == RubbishEvery - 1;

    /// <summary>Sentences in the manner of the stories the model was trained on.</summary>
    public string Records(int records, int seed)
    {
        var random = new Random(seed);
        return Write($"stories-{records}-{seed}.jsonl", Enumerable.Range(0, records).Select(_ =>
        {
            var (one, two) = (Pick(Names), Pick(Names));
            return $"One day {one} {Pick(Acts)} {Pick(Things)}. Then {two} {Pick(Acts)} {Pick(Things)}. {one} and {two} {Pick(Acts)} {Pick(Things)} and were happy.";
        }));

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    /// <summary>Stories and letters at random by turns.</summary>
    public string Mixed(int records)
    {
        var random = new Random(5);
        return Write("mixed.jsonl", Texts(Records(records / 2, 3)).SelectMany(s => (string[])[s, Letters(random)]));
    }

    /// <summary>Stories, and at some places letters at random.</summary>
    public string WithRubbish(int records, int rubbish)
    {
        var random = new Random(6);
        return Write("rubbish.jsonl", Texts(Records(records, 4)).Select((s, i) => IsRubbish(i) && i / RubbishEvery < rubbish ? Letters(random) : s));
    }

    /// <summary>Trains; its steps, diagnoses and checkpoints are in a folder of its own.</summary>
    public SmallRun Train(string data, string? validation, double learningRate, int steps, int evalSteps = 15, int batch = 8, bool treat = false, Func<TrainingConfig, TrainingConfig>? change = null)
    {
        var config = new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = Stories },
            Data = new DataConfig { DatasetPath = SettingList.Create([data]), ValidationPath = validation is null ? [] : SettingList.Create([validation]), MaxLength = 96, Packing = false },
            Optimization = new OptimizationConfig { LearningRate = learningRate, MaxGradNorm = 1 },
            Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.ConstantWithWarmup, WarmupSteps = 5 },
            Batch = new BatchConfig { PerDeviceTrainBatchSize = batch, GradientAccumulationSteps = 1 },
            Duration = new DurationConfig { MaxSteps = steps },
            Evaluation = new EvaluationConfig { EvalStrategy = validation is null ? IntervalStrategy.No : IntervalStrategy.Steps, EvalSteps = evalSteps },
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.No },
            Logging = new LoggingConfig { LoggingSteps = 1, Tensorboard = false },
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
        };
        return Train(change?.Invoke(config) ?? config, null, treat);
    }

    /// <summary>Trains the branch that confirms a cause of a run, and judges it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cause">The cause.</param>
    /// <param name="steps">Steps of the branch.</param>
    /// <param name="ofDiagnosis">The cause must have been named by a diagnosis of the run; else one is made up for its last step.</param>
    public ProbeResult Probe(SmallRun run, string cause, int steps, bool ofDiagnosis = true)
    {
        var opened = FineTuneRun.Open(run.Folder.Path);
        var diagnosis = ofDiagnosis
            ? opened.Diagnoses.First(d => d.IsRoot && d.Causes.Any(c => c.Id == cause))
            : new Diagnosis { Id = "LossPlateau-1", Symptom = Symptoms.LossPlateau, Severity = FindingSeverity.Warning, FirstStep = 1, Summary = "" };
        diagnosis = diagnosis with { Causes = [new DiagnosisCause { Id = cause, Title = "", Score = 1, Reason = "" }] };
        var plan = ProbePlanner.For(opened, opened.ReadConfig(), diagnosis, steps)!;
        var config = plan.Config;
        if (plan.BatchRecords > 0)
        {
            config = config with { Data = config.Data with { DatasetPath = SettingList.Create([Write($"batch{count}.jsonl", Texts(config.Data.DatasetPath[0]).Take(plan.BatchRecords))]) } };
        }

        if (plan.IsSearch)
        {
            var search = new RateSearch(plan, steps);
            var branches = new Dictionary<double, List<TrainingStep>>();
            while (search.Next() is { } rate)
            {
                search.Add(rate, branches[rate] = [.. Train(plan.At(rate).Config, plan.CheckpointPath, treat: false).Events.OfType<TrainingStep>()]);
            }

            return ProbeJudge.Judge(plan, opened.Metrics, search, search.Best is { } best ? branches[best.LearningRate] : []);
        }

        var branch = Train(config, plan.CheckpointPath, treat: false, until: plan.Window.Last);
        return ProbeJudge.Judge(plan, opened.Metrics, [.. branch.Events.OfType<TrainingStep>()]);
    }

    public void Dispose() => temporary.Dispose();

    private SmallRun Train(TrainingConfig config, string? resumeFrom, bool treat, int until = 0)
    {
        var folder = new RunFolder(Path.Combine(temporary.Path, $"run{count++}"));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        using var stop = StopSignal.Manual();
        var events = new Collector(stop, until);
        ITrainingEngine engine = new RunEngine();
        (treat ? new RemedyingEngine(engine) : engine).Run(new RunContext { Folder = folder, Config = config, Events = events, Stop = stop, ResumeFrom = resumeFrom, Info = new RunInfo { State = RunState.Running } });
        return new SmallRun(folder, events.Events);
    }

    private string Write(string name, IEnumerable<string> texts)
    {
        var path = Path.Combine(temporary.Path, name);
        File.WriteAllLines(path, texts.Select(t => $$"""{"text": "{{t}}"}"""));
        return path;
    }

    private static IEnumerable<string> Texts(string path) => File.ReadAllLines(path).Select(l => l["{\"text\": \"".Length..^2]);

    private static string Letters(Random random) => new([.. Enumerable.Range(0, 60).Select(_ => (char)('A' + random.Next(26)))]);

    private sealed class Collector(StopSignal stop, int until) : IEventSink
    {
        public List<TrainerEvent> Events { get; } = [];

        public void Send(TrainerEvent item)
        {
            Events.Add(item);
            if (until > 0 && item is TrainingStep step && step.Step >= until)
            {
                stop.Request("the window is over");
            }
        }
    }
}
