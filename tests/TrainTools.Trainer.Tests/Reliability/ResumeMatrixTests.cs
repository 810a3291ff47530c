using TrainTools.Core.Configuration;
using TrainTools.Core.Runs;

namespace TrainTools.Trainer.Tests.Reliability;

/// <summary>
/// n + k steps equal n steps, a stop, and k steps in another process: losses, gradient norms and final tensors, bit for bit,
/// for every kind of training. One process does all the undisturbed runs and all the first halves, a second one the rest.
/// </summary>
public sealed class ResumeMatrixTests(ResumeMatrixTests.Runs runs) : IClassFixture<ResumeMatrixTests.Runs>
{
    public static TheoryData<string> Cases => [.. Runs.Cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_resumed_run_is_the_undisturbed_one_bit_for_bit(string name)
    {
        var (whole, resumed) = (runs.Whole(name), runs.Resumed(name));
        var expected = RunMetrics.Read(whole.MetricsPath);
        var actual = RunMetrics.Read(resumed.MetricsPath);
        Assert.True(expected.Steps[^1].Step > Runs.Cases[name].StopAfter, "the run ended before it was to be stopped");
        Assert.Equal(
            expected.Steps.Select(s => (s.Step, s.Loss, s.GradNorm, s.LearningRate, s.Epoch)),
            actual.Steps.Select(s => (s.Step, s.Loss, s.GradNorm, s.LearningRate, s.Epoch)));
        Assert.Equal(expected.Evaluations.Select(e => (e.Step, e.Metrics["eval_loss"])), actual.Evaluations.Select(e => (e.Step, e.Metrics["eval_loss"])));

        var (result, file) = Directory.Exists(whole.AdapterPath) ? ("adapter", "adapter_model.safetensors") : ("model", "model.safetensors");
        Assert.Equal(File.ReadAllBytes(Path.Combine(whole.Path, result, file)), File.ReadAllBytes(Path.Combine(resumed.Path, result, file)));
        Assert.Equal(Moments(whole), Moments(resumed));

        var info = RunInfo.TryLoad(resumed)!;
        Assert.Equal(resumed.CheckpointPath(Runs.Cases[name].StopAfter), info.ResumedFrom);
        Assert.Equal(
            (RunInfo.TryLoad(whole)!.Result!.TrainLoss, RunInfo.TryLoad(whole)!.Result!.NumInputTokens), (info.Result!.TrainLoss, info.Result.NumInputTokens));
        Assert.Equal([RunState.Stopped, RunState.Completed], RunOutcome.Read(resumed.OutcomesPath).Select(o => o.State));
    }

    [Fact]
    public void The_cases_differ_from_each_other()
    {
        // Were a setting ignored, its case would prove nothing.
        var last = Runs.Cases.Keys.ToDictionary(n => n, n => RunInfo.TryLoad(runs.Whole(n))!.Result!.FinalLoss);
        Assert.Equal(last.Count, last.Values.Distinct().Count());
    }

    private static byte[] Moments(RunFolder folder) => File.ReadAllBytes(Path.Combine(RunCheckpoint.Find(folder)[^1].Path, "optimizer.safetensors"));

    /// <summary>The runs.</summary>
    public sealed class Runs : IDisposable
    {
        private readonly TemporaryFolder temporary = new();

        public Runs()
        {
            foreach (var (name, (change, _)) in Cases)
            {
                RunProgram.Prepare(Whole(name).Path, change(Config()));
                RunProgram.Prepare(Resumed(name).Path, change(Config()));
            }

            RunProgram.Do(temporary["first.json"], Cases.SelectMany(c => (RunOrder[])
                [new(Whole(c.Key).Path, false, null), new(Resumed(c.Key).Path, false, c.Value.StopAfter)]));
            RunProgram.Do(temporary["second.json"], Cases.Select(c => new RunOrder(Resumed(c.Key).Path, true, null)));
        }

        /// <summary>22 rows, 4 a batch: 6 batches an epoch, the last one of 2 rows.</summary>
        internal static Dictionary<string, (Func<TrainingConfig, TrainingConfig> Change, int StopAfter)> Cases { get; } = new()
        {
            ["full, in the middle of an epoch"] = (c => c, 4),
            ["full, at the end of an epoch, best model, every third step logged"] = (
                c => c with
                {
                    Data = c.Data with { ValidationSplit = 0.2 },
                    Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Epoch, LoadBestModelAtEnd = true, EarlyStoppingPatience = 5 },
                    Logging = new LoggingConfig { LoggingSteps = 3 },
                }, 5),
            ["lora with dropout"] = (
                c => c with { Method = new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 4, LoraAlpha = 8, LoraDropout = 0.1 } }, 4),
            ["packed"] = (c => c with { Data = c.Data with { Packing = true, MaxLength = 64 }, Batch = c.Batch with { PerDeviceTrainBatchSize = 2 } }, 4),
            ["curriculum"] = (c => c with { Data = c.Data with { Curriculum = true, CurriculumStart = 0.3, CurriculumEnd = 0.8 } }, 7),
            ["dropout"] = (c => c with { Model = c.Model with { AttentionDropout = 0.1, HiddenDropout = 0.1 } }, 5),
            // 8 batches of 3 rows: windows of 3, 3 and 2; the stop is after the partial one, then in the middle.
            ["accumulation 3, after the partial last window"] = (c => c with { Batch = c.Batch with { PerDeviceTrainBatchSize = 3, GradientAccumulationSteps = 3 } }, 3),
            ["accumulation 3, before the partial last window, fixed order"] = (
                c => c with { Batch = c.Batch with { PerDeviceTrainBatchSize = 3, GradientAccumulationSteps = 3 }, Data = c.Data with { Shuffle = false } }, 5),
            ["noise on embeddings"] = (c => c with { Optimization = c.Optimization with { NeftuneNoiseAlpha = 5 } }, 4),
        };

        public RunFolder Whole(string name) => new(temporary["whole " + name]);

        public RunFolder Resumed(string name) => new(temporary["resumed " + name]);

        public void Dispose() => temporary.Dispose();

        private TrainingConfig Config()
        {
            var data = temporary["texts.jsonl"];
            if (!File.Exists(data))
            {
                // Of different lengths, so that order, packing and curriculum matter.
                File.WriteAllLines(data, Enumerable.Range(0, 22).Select(i =>
                    $$"""{"text": "{{string.Concat(Enumerable.Repeat($"Tom has {i} red apples. ", 1 + (i * 7 % 4)))}}Tom likes his dogs."}"""));
            }

            return new TrainingConfig
            {
                Model = new ModelConfig { ModelNameOrPath = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k") },
                Data = new DataConfig { DatasetPath = SettingList.Create([data]), MaxLength = 128, Packing = false },
                Optimization = new OptimizationConfig { LearningRate = 2e-3, MaxGradNorm = 1 },
                Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupRatio = 0.1 },
                Batch = new BatchConfig { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 1 },
                Duration = new DurationConfig { NumTrainEpochs = 3 },
                Logging = new LoggingConfig { Tensorboard = false },
                Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
            };
        }
    }
}
