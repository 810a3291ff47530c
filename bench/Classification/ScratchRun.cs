using System.Diagnostics;
using TrainTools.Core.Configuration;
using TrainTools.Core.Data;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;
using TrainTools.Core.Tokenization;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Generation;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Classification;

/// <summary>Runs of a small encoder with fresh weights, judged on a test file.</summary>
internal sealed class ScratchRun : IDisposable
{
    private readonly int threads;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("traintools-bench-");

    public ScratchRun(int threads)
    {
        this.threads = threads;
        TorchBackend.Initialize(new TorchBackendOptions { Threads = threads });
    }

    public string Folder => folder.FullName;

    public void Dispose() => folder.Delete(recursive: true);

    /// <summary>A classifier; noisy = label smoothing 0.1 and dropout 0.3 in place of none and 0.1.</summary>
    public EvaluationReport Train(string name, string training, string test, int epochs, long seed, bool noisy, bool quiet = false) => Run(name, test, quiet, Config(name, training, epochs, seed) with
    {
        Task = new TaskConfig { TaskType = TaskType.SequenceClassification, LabelSmoothingFactor = noisy ? 0.1 : 0 },
        Model = new ModelConfig { ModelNameOrPath = Model(seed), HiddenDropout = noisy ? 0.3 : 0.1, ClassifierDropout = noisy ? 0.3 : 0.1 },
    });

    /// <summary>A tagger that stops early and keeps its best model.</summary>
    /// <param name="name">Name of the run.</param>
    /// <param name="data">Folder of the CoNLL files.</param>
    /// <param name="epochs">Most epochs.</param>
    /// <param name="embeddings">Static embedding model whose vectors the words begin with; null = all weights are fresh.</param>
    public void Tag(string name, string data, int epochs, string? embeddings = null)
    {
        // Vectors that are good already are moved more gently.
        var (rate, dropout, smoothing) = embeddings is null ? (1e-3, 0.3, 0) : (5e-4, 0.2, 0.1);
        var config = Config(name, data + "/wnut17train.conll", epochs, 42);
        Run(name, data + "/emerging.test.annotated", false, config with
        {
            Task = new TaskConfig { TaskType = TaskType.TokenClassification, LabelSmoothingFactor = smoothing },
            Model = new ModelConfig { ModelNameOrPath = Model(42, embeddings), HiddenDropout = dropout, ClassifierDropout = dropout },
            Data = config.Data with { ValidationPath = SettingList.Create([data + "/emerging.dev.conll"]), MaxLength = 128, Stride = 32 },
            Optimization = config.Optimization with { LearningRate = rate },
            Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Epoch, MetricForBestModel = "eval_f1", LoadBestModelAtEnd = true, EarlyStoppingPatience = embeddings is null ? 3 : 5 },
        });
    }

    private TrainingConfig Config(string name, string training, int epochs, long seed) => new()
    {
        Data = new DataConfig { DatasetPath = SettingList.Create([training]), LabelField = training.EndsWith(".csv", StringComparison.Ordinal) ? "category" : "label", MaxLength = 64 },
        Optimization = new OptimizationConfig { LearningRate = 1e-3, MaxGradNorm = 1 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Cosine, WarmupRatio = 0.1, NumCycles = 0.5 },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 32, GradientAccumulationSteps = 1 },
        Duration = new DurationConfig { NumTrainEpochs = epochs },
        Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.No },
        Runtime = new RuntimeConfig { Device = "cpu", NumThreads = threads, Seed = seed },
        OutputDir = Path.Combine(Folder, name),
    };

    private string Model(long seed, string? embeddings = null)
    {
        var path = Path.Combine(Folder, embeddings is null ? $"model-{seed}" : $"model-{seed}-embeddings");
        if (!Directory.Exists(path))
        {
            Directory.CreateDirectory(path);
            for (var here = new DirectoryInfo(AppContext.BaseDirectory); here is not null; here = here.Parent)
            {
                var source = Path.Combine(here.FullName, "examples", "small-bert");
                if (Directory.Exists(source))
                {
                    foreach (var file in Directory.GetFiles(source))
                    {
                        File.Copy(file, Path.Combine(path, Path.GetFileName(file)));
                    }

                    break;
                }
            }

            using var model = PretrainedModelLoader.Initialize(path, new PretrainedModelOptions { Seed = seed });
            if (embeddings is not null)
            {
                var tokenizer = PretrainedTokenizer.Load(path);
                Console.WriteLine($"{StaticEmbeddings.Fill(model, tokenizer, embeddings)} of {tokenizer.VocabularySize} word pieces begin with the vector of {Path.GetFileName(embeddings)}");
            }

            PretrainedModelWriter.Save(model, path);
        }

        return path;
    }

    private static EvaluationReport Run(string name, string test, bool quiet, TrainingConfig config)
    {
        var run = new RunFolder(config.OutputDir!);
        Directory.CreateDirectory(run.Path);
        File.WriteAllText(run.ConfigPath, ConfigYaml.Write(config));
        using var stop = StopSignal.Manual();
        var (clock, cpu) = (Stopwatch.StartNew(), Process.GetCurrentProcess().TotalProcessorTime);
        var context = new RunContext { Folder = run, Config = config, Events = new Sink(quiet), Stop = stop, Info = new RunInfo { State = RunState.Running, ProcessId = 1, Host = "bench" } };
        var result = new RunEngine().Run(context);
        var (wall, used) = (clock.Elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds);
        using var model = new TextGeneratorFactory().Load(result.ModelPath!, "cpu");
        var evaluation = new ModelEvaluation(result.ModelPath!);
        foreach (var record in new DatasetReader(DatasetReaderOptions.FromConfig(config.Data) with { Strict = true }).Read([test]))
        {
            evaluation.Add(record, model.Generate(ModelEvaluation.Request(record, config.Data.MaxLength), 0, stop));
        }

        var report = evaluation.Report();
        if (!quiet)
        {
            Console.WriteLine($"{name}: accuracy {report.Accuracy:F4}, F1 {report.F1:F4}, macro F1 {report.MacroF1:F4} on {report.Records} test records; trained in {wall:F0} s, {used:F0} s of processor time, {result.Steps} steps");
        }

        return report;
    }

    private sealed class Sink(bool quiet) : IEventSink
    {
        public void Send(TrainerEvent item)
        {
            if (!quiet && item is EvaluationResult { Metrics: var metrics } evaluation && metrics.TryGetValue("eval_f1", out var f1))
            {
                Console.WriteLine($"  step {evaluation.Step}: eval_f1 {f1:F4}");
            }
        }
    }
}
