using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Adapters;

/// <summary>Whole adapter runs of the real small model.</summary>
public sealed class AdapterRunTests : IDisposable
{
    private static readonly string Stories = Path.Combine(AppContext.BaseDirectory, "Data", "stories260k");
    private readonly TemporaryFolder temporary = new();
    private readonly List<LogMessage> logged = [];

    [Theory]
    [InlineData(TrainingMethod.Lora, false)]
    [InlineData(TrainingMethod.Lora, true)]
    [InlineData(TrainingMethod.Qlora, false)]
    public void An_adapter_run_learns_and_leaves_an_adapter_that_answers_with_its_base(TrainingMethod method, bool dora)
    {
        var config = Config(new MethodConfig { FinetuningType = method, LoraR = 8, LoraAlpha = 16, LoraDropout = 0.05, UseDora = dora });
        var (result, folder) = Run(config, "run");
        Assert.Equal(RunState.Completed, result.State);
        Assert.True(result.FinalLoss < result.FirstLoss - 0.3, $"{result.FirstLoss} to {result.FinalLoss}");
        Assert.Equal(folder.AdapterPath, result.ModelPath);
        Assert.False(Directory.Exists(folder.ModelPath));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Stories, "tokenizer.json")), File.ReadAllBytes(Path.Combine(folder.AdapterPath, "tokenizer.json")));

        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var answering = (CausalLanguageModel)AdaptedModelLoader.Load(folder.AdapterPath, new PretrainedModelOptions());
        using var plain = PretrainedModelLoader.LoadCausal(Stories);
        var probe = new ModelInput { InputIds = tensor(new long[] { 1, 403, 407, 261, 378 }).unsqueeze(0) };
        Assert.True(answering.Logits(answering.HiddenStates(probe)).sub(plain.Logits(plain.HiddenStates(probe))).abs().max().ToDouble() > 0.01);
    }

    [Fact]
    public void A_stopped_adapter_run_goes_on_to_the_same_tensors()
    {
        var config = Config(new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 4, LoraAlpha = 8, LoraDropout = 0.1 });
        var (whole, straight) = Run(config, "straight");
        var (stopped, folder) = Run(config, "stopped", stopAfter: 5);
        Assert.Equal((RunState.Stopped, 5), (stopped.State, stopped.Steps));
        var (resumed, _) = Run(config, "stopped", resumeFrom: stopped.CheckpointPath);
        Assert.Equal(RunState.Completed, resumed.State);
        Assert.Equal(whole.FinalLoss, resumed.FinalLoss);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(straight.AdapterPath, "adapter_model.safetensors")),
            File.ReadAllBytes(Path.Combine(folder.AdapterPath, "adapter_model.safetensors")));
    }

    [Fact]
    public void A_run_whose_adapter_never_moves_is_refused_at_its_end()
    {
        var config = Config(new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 4 });
        config = config with { Optimization = config.Optimization with { LearningRate = 0 }, Duration = new DurationConfig { MaxSteps = 2 } };
        Assert.Equal(ErrorIds.AdapterDead, Assert.Throws<TrainToolsException>(() => Run(config, "dead")).ErrorId);
    }

    [Fact]
    public void A_run_of_a_single_warm_up_step_cannot_have_moved_and_says_so()
    {
        var config = Config(new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 4 });
        config = config with { Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Linear, WarmupSteps = 1 }, Duration = new DurationConfig { MaxSteps = 1 } };
        var (result, folder) = Run(config, "single");
        Assert.Equal(RunState.Completed, result.State);
        Assert.True(File.Exists(Path.Combine(folder.AdapterPath, "adapter_model.safetensors")));
        Assert.Contains(logged, m => m.Level == "warning" && m.Message.Contains("learning rate 0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_base_that_moved_away_is_named()
    {
        var (_, folder) = Run(Config(new MethodConfig { FinetuningType = TrainingMethod.Lora }) with { Duration = new DurationConfig { MaxSteps = 3 } }, "moved");
        var path = Path.Combine(folder.AdapterPath, "adapter_config.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("stories260k", "elsewhere", StringComparison.Ordinal));
        var error = Assert.Throws<TrainToolsException>(() => AdaptedModelLoader.Load(folder.AdapterPath, new PretrainedModelOptions()));
        Assert.Equal(ErrorIds.ModelFolderNotFound, error.ErrorId);
        Assert.Contains("elsewhere", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => temporary.Dispose();

    private TrainingConfig Config(MethodConfig method)
    {
        var path = Path.Combine(temporary.Path, "texts.jsonl");
        File.WriteAllLines(path, Enumerable.Range(0, 24).Select(i => $$"""{"text": "Tom has {{i}} red apples and {{i % 5}} dogs. Tom likes his dogs."}"""));
        return new TrainingConfig
        {
            Model = new ModelConfig { ModelNameOrPath = Stories },
            Data = new DataConfig { DatasetPath = SettingList.Create([path]), MaxLength = 128, Packing = false },
            Method = method,
            Optimization = new OptimizationConfig { LearningRate = 1e-2, MaxGradNorm = 1 },
            Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant, WarmupSteps = 0 },
            Batch = new BatchConfig { PerDeviceTrainBatchSize = 4, GradientAccumulationSteps = 1 },
            Duration = new DurationConfig { NumTrainEpochs = 2 },
            Runtime = new RuntimeConfig { Device = "cpu", Precision = Precision.Fp32, Seed = 42, NumThreads = 1 },
        };
    }

    private (RunResult Result, RunFolder Folder) Run(TrainingConfig config, string name, int? stopAfter = null, string? resumeFrom = null)
    {
        var folder = new RunFolder(Path.Combine(temporary.Path, name));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        using var stop = StopSignal.Manual();
        return (new RunEngine().Run(new RunContext
        {
            Folder = folder,
            Config = config,
            Events = new Sink(stop, stopAfter, logged),
            Stop = stop,
            ResumeFrom = resumeFrom,
            Info = new RunInfo { State = RunState.Running },
        }), folder);
    }

    private sealed class Sink(StopSignal stop, int? after, List<LogMessage> logged) : IEventSink
    {
        public void Send(TrainerEvent item)
        {
            if (item is TrainingStep step && step.Step == after)
            {
                stop.Request("test");
            }

            if (item is LogMessage message)
            {
                logged.Add(message);
            }
        }
    }
}
