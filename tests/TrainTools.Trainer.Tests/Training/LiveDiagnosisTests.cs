using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Real training of the small model that goes wrong as people's does, diagnosed while it runs.</summary>
public sealed class LiveDiagnosisTests : IDisposable
{
    private static readonly string Stories = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private static readonly string[] Names = ["Tom", "Lily", "Ben", "Mia", "Sam", "Anna", "Max", "Sue", "Tim", "Amy", "Jack", "Lucy"];
    private static readonly string[] Things = ["a red ball", "a big dog", "the old tree", "a small cat", "his toy car", "the blue bird", "a warm hat", "the park", "a sweet cake", "her mom", "a green frog", "the moon"];
    private static readonly string[] Acts = ["saw", "liked", "found", "lost", "played with", "ran to", "talked about", "was afraid of", "dreamed of", "looked for"];
    private readonly TemporaryFolder temporary = new();
    private int runs;

    [Fact]
    public void A_sound_run_warns_of_nothing()
    {
        var run = Train(Records(200, 1), Records(40, 2), learningRate: 1e-3, steps: 60);
        Assert.Empty(run.Diagnoses.Where(d => d.Severity >= FindingSeverity.Warning).Select(d => d.Describe()));
    }

    [Fact]
    public void A_rate_a_thousand_times_too_high_is_named_with_the_setting_to_change()
    {
        var run = Train(Records(200, 1), null, learningRate: 1, steps: 40);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(CauseIds.LearningRateTooHigh, diagnosis.Cause!.Id);
        var change = Assert.Single(diagnosis.Remedy!.Changes);
        Assert.Equal(("learning_rate", "1"), (change.Setting, change.OldValue));

        // What was said live is what is on disk, and what reading the metrics again says.
        var raised = run.Events.OfType<DiagnosisRaised>().Where(e => e.Change == DiagnosisChange.Raised).ToList();
        Assert.Equal(raised.Select(r => r.Diagnosis.Id).Order(), run.Diagnoses.Select(d => d.Id).Order());
    }

    [Fact]
    public void A_rate_a_million_times_too_low_is_named()
    {
        var run = Train(Records(200, 1), null, learningRate: 1e-9, steps: 80);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(CauseIds.LearningRateTooLow, diagnosis.Cause!.Id);
        Assert.True(double.Parse(diagnosis.Remedy!.Changes[0].NewValue, System.Globalization.CultureInfo.InvariantCulture) > 1e-5);
    }

    [Fact]
    public void Few_records_learnt_by_heart_show_in_the_validation_loss()
    {
        var run = Train(Records(12, 1), Records(40, 2), learningRate: 3e-3, steps: 90, evalSteps: 10);
        var diagnosis = run.Diagnoses.First(d => d.IsRoot && d.Severity >= FindingSeverity.Warning);
        Assert.Equal(Symptoms.ValidationLossRising, diagnosis.Symptom);
        Assert.Equal(CauseIds.Overfitting, diagnosis.Cause!.Id);
    }

    [Fact]
    public void Training_records_as_validation_are_found_before_they_mislead()
    {
        var data = Records(60, 1);
        var run = Train(data, data, learningRate: 1e-3, steps: 20);
        Assert.Equal(CauseIds.EvaluationInTraining, run.Diagnoses.Single(d => d.Symptom == Symptoms.EvaluationOverlap).Cause!.Id);
    }

    // The notes' table of unstable runs, line by line: what a person sees there, and what the machine must name.

    [Fact]
    public void Notes_the_loss_explodes()
    {
        var run = Train(Records(200, 1), null, learningRate: 0.3, steps: 40);
        Assert.Contains(run.Diagnoses, d => d.Symptom is Symptoms.LossExplodes or Symptoms.EarlyInstability or Symptoms.UpdateTooLarge && d.Severity == FindingSeverity.Error);
        Assert.All(run.Diagnoses.Where(d => d.IsRoot && d.Severity == FindingSeverity.Error), d => Assert.Equal("learning_rate", d.Remedy!.Changes[0].Setting));
    }

    [Fact]
    public void Notes_the_loss_fluctuates_wildly()
    {
        // A row a step, every other one of noise: the mean over one row says little about the next.
        var run = Train(Mixed(160), null, learningRate: 3e-4, steps: 100, batch: 1);
        var diagnosis = run.Diagnoses.First(d => d.Symptom == Symptoms.LossFluctuates);
        Assert.Equal(CauseIds.BatchTooSmall, diagnosis.Cause!.Id);
        Assert.Equal("gradient_accumulation_steps", diagnosis.Remedy!.Changes[0].Setting);
    }

    [Fact]
    public void Notes_the_loss_does_not_decrease()
    {
        var run = Train(Records(200, 1), null, learningRate: 1e-9, steps: 90);
        Assert.Contains(run.Diagnoses, d => d.Symptom == Symptoms.LossNotDecreasing);
        Assert.Contains(run.Diagnoses, d => d.IsRoot && d.Cause!.Id == CauseIds.LearningRateTooLow);
    }

    [Fact]
    public void Notes_training_is_better_than_validation_and_the_validation_loss_rises()
    {
        var run = Train(Records(12, 1), Records(40, 2), learningRate: 3e-3, steps: 90, evalSteps: 10);
        Assert.Contains(run.Diagnoses, d => d.Symptom == Symptoms.OverfitGap && d.Causes.Any(c => c.Id == CauseIds.Overfitting));
        var rising = run.Diagnoses.First(d => d.Symptom == Symptoms.ValidationLossRising);
        Assert.Contains(rising.Cause!.Remedies.SelectMany(r => r.Changes), c => c.Setting == "early_stopping_patience");
    }

    [Fact]
    public void A_run_that_treats_itself_goes_back_lowers_its_rate_and_writes_down_what_it_did()
    {
        var run = Train(Records(200, 1), null, learningRate: 0.3, steps: 60, treat: true);
        var folder = new RunFolder(Path.Combine(temporary.Path, "run0"));
        var remedies = RemedyLog.Read(folder);
        Assert.InRange(remedies.Count, 1, AutoRemedy.Most);
        Assert.All(remedies, r => Assert.Equal("learning_rate", r.Changes[0].Setting));
        var rate = ConfigYaml.Read(folder.ConfigPath).Optimization.LearningRate!.Value;
        Assert.True(rate < 0.03, $"{rate}");
        Assert.Equal(60, run.Events.OfType<TrainingStep>().Last().Step);

        // It ended better than it began, as the untreated run does not.
        var steps = FineTuneRun.Open(folder.Path).Metrics;
        Assert.Equal(Enumerable.Range(1, 60), steps.Select(s => s.Step));
        Assert.True(steps.TakeLast(5).Average(s => s.Loss) < steps[0].Loss);
    }

    public void Dispose() => temporary.Dispose();

    /// <summary>Stories and letters at random by turns.</summary>
    private string Mixed(int count)
    {
        var random = new Random(5);
        var path = Path.Combine(temporary.Path, "mixed.jsonl");
        var stories = File.ReadAllLines(Records(count / 2, 3));
        File.WriteAllLines(path, stories.SelectMany(s => (string[])[s, $$"""{"text": "{{new string([.. Enumerable.Range(0, 60).Select(_ => (char)('A' + random.Next(26)))])}}"}"""]));
        return path;
    }

    /// <summary>Sentences in the manner of the stories the model was trained on.</summary>
    private string Records(int count, int seed)
    {
        var random = new Random(seed);
        var path = Path.Combine(temporary.Path, $"stories-{count}-{seed}.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(_ =>
        {
            var (one, two) = (Pick(Names), Pick(Names));
            return $$"""{"text": "One day {{one}} {{Pick(Acts)}} {{Pick(Things)}}. Then {{two}} {{Pick(Acts)}} {{Pick(Things)}}. {{one}} and {{two}} {{Pick(Acts)}} {{Pick(Things)}} and were happy."}""";
        }));
        return path;

        string Pick(string[] from) => from[random.Next(from.Length)];
    }

    private (List<TrainerEvent> Events, IReadOnlyList<Diagnosis> Diagnoses) Train(string data, string? validation, double learningRate, int steps, int evalSteps = 15, int batch = 8, bool treat = false)
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
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
        };
        var folder = new RunFolder(Path.Combine(temporary.Path, $"run{runs++}"));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        var events = new Collector();
        using var stop = StopSignal.Manual();
        ITrainingEngine engine = new RunEngine();
        (treat ? new RemedyingEngine(engine) : engine).Run(new RunContext { Folder = folder, Config = config, Events = events, Stop = stop, Info = new RunInfo { State = RunState.Running } });
        return (events.Events, FineTuneRun.Open(folder.Path).Diagnoses);
    }

    private sealed class Collector : IEventSink
    {
        public List<TrainerEvent> Events { get; } = [];

        public void Send(TrainerEvent item) => Events.Add(item);
    }
}
