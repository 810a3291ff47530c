using System.Runtime.InteropServices;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Memory that runs out, simulated by an objective that refuses batches above a size with libtorch's own words.</summary>
public sealed class MemoryLimitTests : IDisposable
{
    private static readonly List<TrainingSample> Rows = [.. Enumerable.Range(0, 10).Select(row =>
    {
        int[] ids = [.. Enumerable.Range(0, 4 + row).Select(i => ((row * 7) + (i * 3)) % 32)];
        return new TrainingSample { InputIds = ids, Labels = ids, RecordIndexes = [row] };
    })];

    private readonly TemporaryFolder temporary = new();

    [Fact]
    public void Halving_the_batches_gives_the_same_steps_and_says_so()
    {
        var (whole, expected, _) = Run(fits: 100, auto: true);
        var (halved, actual, messages) = Run(fits: 2, auto: true);

        Assert.Equal((RunState.Completed, RunState.Completed), (whole.State, halved.State));
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Equal(expected[i].Loss, actual[i].Loss, 1e-5);
            Assert.Equal(expected[i].NumSupervisedTokens, actual[i].NumSupervisedTokens);
        }

        Assert.Equal(
            [
                "Memory ran out at step 1 with 5 rows a batch: the run goes on with 3 rows a batch and twice the accumulation, which gives the same steps.",
                "Memory ran out at step 1 with 3 rows a batch: the run goes on with 2 rows a batch and twice the accumulation, which gives the same steps.",
                "Memory ran out in the evaluation: it goes on with batches of 2 rows.",
            ],
            messages);
    }

    [Fact]
    public void Without_it_the_error_says_what_to_change_and_by_how_much()
    {
        var error = Assert.Throws<TrainToolsException>(() => Run(fits: 2, auto: false));
        Assert.Equal(ErrorIds.OutOfMemory, error.ErrorId);
        Assert.Equal("Memory ran out at step 1, in a batch of 5 rows of up to 8 tokens.", error.Message);
        Assert.StartsWith("Set per_device_train_batch_size to 3 and multiply gradient_accumulation_steps by 2", error.Remedy, StringComparison.Ordinal);

        // It is among the run's diagnoses too, with the settings to change.
        var finding = Assert.Single(DiagnosisLog.Read(new RunFolder(temporary["run-2-False"]).DiagnosesPath));
        Assert.Equal((Symptoms.OutOfMemory, FindingSeverity.Error), (finding.Symptom, finding.Severity));
        Assert.Equal(["3", "2"], finding.Remedy!.Changes.Select(c => c.NewValue));
    }

    [Fact]
    public void What_does_not_fit_row_by_row_is_an_error_even_so()
    {
        var error = Assert.Throws<TrainToolsException>(() => Run(fits: 0, auto: true));
        Assert.Equal(ErrorIds.OutOfMemory, error.ErrorId);
        Assert.Contains("gradient_checkpointing", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_batch_that_is_computed_in_parts_the_parts_are_halved()
    {
        // Five rows of 4 to 8 tokens, padded to 8, of at most 24 tokens a part: two rows and three.
        var (_, expected, _) = Run(fits: 100, auto: true);
        var (halved, actual, messages) = Run(fits: 1, auto: true, partTokens: 24);
        Assert.Equal(RunState.Completed, halved.State);
        Assert.Equal(expected.Select(s => s.Loss), actual.Select(s => s.Loss), (x, y) => Math.Abs(x - y) < 1e-5);
        Assert.Equal(
            [
                "Memory ran out at step 1 with 5 rows a batch: the run goes on with 2 rows a batch and 3 times the accumulation, which gives the same steps.",
                "Memory ran out at step 1 with 2 rows a batch: the run goes on with 1 row a batch and twice the accumulation, which gives the same steps.",
            ],
            messages.Take(2));

        var error = Assert.Throws<TrainToolsException>(() => Run(fits: 1, auto: false, partTokens: 24));
        Assert.Equal("Memory ran out at step 1, in a batch of 5 rows of up to 8 tokens, 3 at a time.", error.Message);
        Assert.StartsWith("Set per_device_train_batch_size to 2 and multiply gradient_accumulation_steps by 3", error.Remedy, StringComparison.Ordinal);
        var finding = Assert.Single(DiagnosisLog.Read(new RunFolder(temporary["run-1-False"]).DiagnosesPath));
        Assert.Equal(["2", "3"], finding.Remedy!.Changes.Select(c => c.NewValue));
    }

    public void Dispose() => temporary.Dispose();

    private (RunResult Result, List<TrainingStep> Steps, List<string> Messages) Run(int fits, bool auto, int? partTokens = null)
    {
        using var model = PretrainedModelLoader.LoadCausal(TinyModel.Write(temporary["model"]));
        var weights = new FullWeights(model);
        var folder = new RunFolder(temporary[$"run-{fits}-{auto}"]);
        Directory.CreateDirectory(folder.Path);
        var events = new Events();
        using var stop = StopSignal.Manual();
        var plan = StepPlan.Create(Rows.Count, 5, 1, epochs: 2);
        var collator = new SampleCollator(0);
        var objective = new Limited(new CausalLanguageObjective(model, torch.CPU), fits);
        using var optimizer = new AdamW(ParameterGroup.ForModel(model, 0));
        using var loop = new TrainingLoop
        {
            Context = new RunContext
            {
                Folder = folder,
                Config = new TrainingConfig { Batch = new BatchConfig { AutoFindBatchSize = auto } },
                Events = events,
                Stop = stop,
                Info = new RunInfo { State = RunState.Running },
            },
            Weights = weights,
            Plan = plan,
            Samples = Rows,
            Order = new RowOrder(Rows.Count, shuffle: false, seed: 1),
            Collator = collator,
            Schedule = new LearningRateSchedule(new ScheduleOptions { Type = LrSchedulerType.Constant, LearningRate = 1e-2, WarmupSteps = 0, TotalSteps = plan.MaxSteps }),
            Optimizer = optimizer,
            Scaler = null,
            Step = new OptimizerStep(objective, optimizer, 1, 1, partTokens: partTokens),
            Facts = new SampleFacts(1, null),
            Evaluator = new Evaluator(objective, Rows, 4, collator),
            Tracker = new EvaluationTracker(greaterIsBetter: false),
        };
        var result = loop.Run();
        return (result, [.. events.Items.OfType<TrainingStep>()], [.. events.Items.OfType<LogMessage>().Where(m => m.Level == "warning").Select(m => m.Message)]);
    }

    private sealed class Limited(ITrainingObjective inner, int rows) : ITrainingObjective
    {
        public void BeginStep(int step) => inner.BeginStep(step);

        public long CountTargets(SampleBatch batch) => inner.CountTargets(batch);

        public LossSums Backward(SampleBatch batch, double scale) => Fits(batch) ? inner.Backward(batch, scale) : throw TooMuch();

        public LossSums Evaluate(SampleBatch batch) => Fits(batch) ? inner.Evaluate(batch) : throw TooMuch();

        private bool Fits(SampleBatch batch) => batch.SampleCount <= rows;

        private static ExternalException TooMuch() =>
            new("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 400 bytes.\nframe #0: c10::ThrowEnforceNotMet");
    }

    private sealed class Events : IEventSink
    {
        public List<TrainerEvent> Items { get; } = [];

        public void Send(TrainerEvent item) => Items.Add(item);
    }
}
