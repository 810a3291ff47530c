using System.Diagnostics;
using System.Text.Json;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Whole runs of the real small model in a run folder.</summary>
public sealed class RunEngineTests : IDisposable
{
    private static readonly string Stories = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private readonly TemporaryFolder temporary = new();
    private int runs;

    [Fact]
    public void A_run_learns_reports_and_saves_a_model_that_loads_again()
    {
        var config = Config(Texts(24)) with
        {
            Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Epoch, LoadBestModelAtEnd = true },
        };
        config = config with { Data = config.Data with { ValidationSplit = 0.25 } };
        var (result, events, folder) = Run(config);

        Assert.Equal(RunState.Completed, result.State);
        var started = Assert.Single(events.OfType<RunStarted>());
        var steps = events.OfType<TrainingStep>().ToList();
        Assert.Equal((18, 15, 260032L), (started.Samples, started.MaxSteps, started.TrainableParameters));
        Assert.Equal(Enumerable.Range(1, 15), steps.Select(s => s.Step));
        Assert.True(result.FinalLoss < result.FirstLoss - 0.3, $"{result.FirstLoss} to {result.FinalLoss}");
        Assert.Equal(steps.Average(s => s.Loss), result.TrainLoss!.Value, 1e-9);
        Assert.Equal([5, 10, 15], events.OfType<EvaluationResult>().Select(e => e.Step));

        var evaluations = events.OfType<EvaluationResult>().Select(e => e.Metrics).ToList();
        Assert.True(evaluations[^1]["eval_loss"] < evaluations[0]["eval_loss"]);
        Assert.Equal(Math.Exp(evaluations[0]["eval_loss"]), evaluations[0]["eval_perplexity"], 1e-9);

        var lines = File.ReadAllLines(folder.MetricsPath).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(steps.Select(s => s.Loss), lines.Where(l => l.TryGetProperty("loss", out _)).Select(l => l.GetProperty("loss").GetDouble()));
        Assert.Equal(3, lines.Count(l => l.TryGetProperty("eval_loss", out _)));

        // The saved model is the one in memory at the end: it evaluates to the last figure.
        using var model = PretrainedModelLoader.LoadCausal(folder.ModelPath);
        using var original = PretrainedModelLoader.LoadCausal(Stories);
        Assert.Equal(original.Parameters.Keys, model.Parameters.Keys);
        Assert.All(model.Parameters, p => Assert.False(p.Value.equal(original.Parameters[p.Key]).all().item<bool>(), p.Key));
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"])
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Stories, name)), File.ReadAllBytes(Path.Combine(folder.ModelPath, name)));
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_losses_to_the_last_digit_in_another_process()
    {
        var config = Config(Texts(16));
        var (first, events, _) = Run(config);
        var other = Prepare(config);
        var start = new ProcessStartInfo(Environment.ProcessPath!.Contains("dotnet", StringComparison.Ordinal) ? Environment.ProcessPath : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { typeof(RunEngine).Assembly.Location, "run", other.Path },
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);

        var steps = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(TrainerEvent.TryParse).OfType<TrainingStep>().ToList();
        Assert.Equal(events.OfType<TrainingStep>().Select(s => (s.Loss, s.GradNorm)), steps.Select(s => (s.Loss, s.GradNorm)));

        var (different, _, _) = Run(config with { Runtime = config.Runtime with { Seed = 7 } });
        Assert.NotEqual(first.FinalLoss, different.FinalLoss);
    }

    [Fact]
    public void A_stopped_run_leaves_a_checkpoint_and_resumed_goes_on_as_if_nothing_had_happened()
    {
        var config = Config(Texts(16)) with { Model = new ModelConfig { ModelNameOrPath = Stories, AttentionDropout = 0.1 } };
        var (whole, expected, _) = Run(config);

        var folder = Prepare(config);
        var collector = new Collector();
        using var stop = StopSignal.Manual();
        collector.After(4, () => stop.Request("the test said so"));
        var stopped = Run(folder, config, collector, stop, null);
        Assert.Equal((RunState.Stopped, 4), (stopped.State, stopped.Steps));
        Assert.Null(stopped.ModelPath);
        Assert.Equal(folder.CheckpointPath(4), stopped.CheckpointPath);
        Assert.False(Directory.Exists(folder.ModelPath));

        var rest = new Collector();
        using var go = StopSignal.Manual();
        var resumed = Run(folder, config, rest, go, stopped.CheckpointPath);
        Assert.Equal(4, rest.Events.OfType<RunStarted>().Single().FirstStep);
        Assert.Equal(expected.OfType<TrainingStep>().Skip(4).Select(s => s.Loss), rest.Events.OfType<TrainingStep>().Select(s => s.Loss));
        Assert.Equal(whole.TrainLoss, resumed.TrainLoss);
        Assert.Equal(whole.NumInputTokens, resumed.NumInputTokens);
        Assert.Equal(Enumerable.Range(1, 12), File.ReadAllLines(folder.MetricsPath).Where(l => l.Contains("\"grad_norm\"")).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("step").GetInt32()));
    }

    [Fact]
    public void Early_stopping_ends_the_run_and_the_best_model_is_the_result()
    {
        // A rate far too high: the first evaluations are the best there will be.
        var config = Config(Texts(24)) with
        {
            Optimization = new OptimizationConfig { LearningRate = 0.3, MaxGradNorm = 0 },
            Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant },
            Duration = new DurationConfig { NumTrainEpochs = 10 },
            Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Steps, EvalSteps = 1, EarlyStoppingPatience = 3, LoadBestModelAtEnd = true },
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Epoch, SaveTotalLimit = 1 },
        };
        config = config with { Data = config.Data with { ValidationSplit = 0.25 } };
        var (result, events, folder) = Run(config);

        var losses = events.OfType<EvaluationResult>().Select(e => e.Metrics["eval_loss"]).ToList();
        var best = losses.IndexOf(losses.Min()) + 1;
        Assert.Equal(best + 3, result.Steps);
        Assert.True(result.Steps < 50);
        using var scope = NewDisposeScope();
        using var saved = PretrainedModelLoader.LoadCausal(folder.ModelPath);
        using var checkpoint = PretrainedModelLoader.LoadCausal(folder.CheckpointPath(best));
        Assert.All(saved.Parameters, p => Assert.True(p.Value.equal(checkpoint.Parameters[p.Key]).all().item<bool>()));
    }

    [Theory]
    [InlineData("{\"text\": \"a\"}\n{oops\n", ErrorIds.DatasetLineInvalid, "(2)")]
    [InlineData("", ErrorIds.DatasetEmpty, "data")]
    public void Bad_data_is_one_clear_error(string content, string errorId, string place)
    {
        var path = Path.Combine(temporary.Path, $"data{runs}.jsonl");
        File.WriteAllText(path, content);
        var error = Assert.Throws<TrainToolsException>(() => Run(Config(path)));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_used_is_refused_before_anything_is_computed()
    {
        var config = Config(Texts(2));
        Assert.Equal(ErrorIds.ModelFolderNotFound, Error(config with { Model = new ModelConfig { ModelNameOrPath = Path.Combine(temporary.Path, "nowhere") } }));
        Assert.Equal(ErrorIds.DatasetNotFound, Error(Config(Path.Combine(temporary.Path, "nowhere.jsonl"))));
        Assert.Equal(ErrorIds.DeviceUnavailable, Error(config with { Runtime = new RuntimeConfig { Device = "cuda:9" } }));
        Assert.Equal(ErrorIds.ConfigValueInvalid, Error(config with { Runtime = new RuntimeConfig { Device = "gpu" } }));
        Assert.Equal(ErrorIds.ConfigValueInvalid, Error(config with { Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp16 } }));
        Assert.Equal(ErrorIds.OptimizerUnsupported, Error(config with { Optimization = new OptimizationConfig { Optim = "sgd", LearningRate = 1 } }));
        Assert.Equal(ErrorIds.NothingToTrainOn, Error(config with { Data = config.Data with { MaxLength = 1 } }));
    }

    public void Dispose() => temporary.Dispose();

    [Fact]
    public void A_token_without_a_row_in_the_embedding_is_refused_by_name()
    {
        var folder = Path.Combine(temporary.Path, "tokenizer");
        Directory.CreateDirectory(folder);
        foreach (var name in (string[])["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"])
        {
            File.Copy(Path.Combine(Stories, name), Path.Combine(folder, name));
        }

        var path = Path.Combine(folder, "tokenizer.json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(path))!;
        json["added_tokens"]!.AsArray().Add(System.Text.Json.Nodes.JsonNode.Parse(
            """{"id": 512, "content": "<turn>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}"""));
        File.WriteAllText(path, json.ToJsonString());

        var config = Config(Texts(4));
        var error = Assert.Throws<TrainToolsException>(() => Run(config with { Model = config.Model with { TokenizerPath = folder } }));
        Assert.Equal(ErrorIds.TokenizerVocabularyTooLarge, error.ErrorId);
        Assert.Contains("'<turn>' (512)", error.Message, StringComparison.Ordinal);

        // A smaller vocabulary is no error: many models round their embedding up.
        Assert.Equal(88, TrainTools.Core.Tokenization.TokenizerChecks.AgainstEmbedding(TrainTools.Core.Tokenization.PretrainedTokenizer.Load(Stories), 600).UnusedRows);
    }

    private string Error(TrainingConfig config) => Assert.Throws<TrainToolsException>(() => Run(config)).ErrorId;

    private string Texts(int count)
    {
        var path = Path.Combine(temporary.Path, $"texts{count}.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(i => $$"""{"text": "Tom has {{i}} red apples and {{i % 5}} dogs. Tom likes his dogs."}"""));
        return path;
    }

    private static TrainingConfig Config(string data) => new()
    {
        Model = new ModelConfig { ModelNameOrPath = Stories },
        Data = new DataConfig { DatasetPath = SettingList.Create([data]), MaxLength = 128, Packing = false },
        Optimization = new OptimizationConfig { LearningRate = 2e-3, MaxGradNorm = 1 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupRatio = 0.1 },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 2, GradientAccumulationSteps = 2 },
        Duration = new DurationConfig { NumTrainEpochs = 3 },
        Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
    };

    private RunFolder Prepare(TrainingConfig config)
    {
        var folder = new RunFolder(Path.Combine(temporary.Path, $"run{runs++}"));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        return folder;
    }

    private (RunResult Result, List<TrainerEvent> Events, RunFolder Folder) Run(TrainingConfig config)
    {
        var collector = new Collector();
        using var stop = StopSignal.Manual();
        var folder = Prepare(config);
        return (Run(folder, config, collector, stop, null), collector.Events, folder);
    }

    private static RunResult Run(RunFolder folder, TrainingConfig config, IEventSink events, StopSignal stop, string? resumeFrom) =>
        new RunEngine().Run(new RunContext
        {
            Folder = folder,
            Config = config,
            Events = events,
            Stop = stop,
            ResumeFrom = resumeFrom,
            Info = new RunInfo { State = RunState.Running },
        });

    private sealed class Collector : IEventSink
    {
        private (int Step, Action Action)? after;

        public List<TrainerEvent> Events { get; } = [];

        public void After(int step, Action action) => after = (step, action);

        public void Send(TrainerEvent item)
        {
            Events.Add(item);
            if (item is TrainingStep step && step.Step == after?.Step)
            {
                after!.Value.Action();
            }
        }
    }
}
