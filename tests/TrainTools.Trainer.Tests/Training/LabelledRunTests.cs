using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Evaluation;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;
using TrainTools.Trainer.Export;
using TrainTools.Trainer.Generation;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;
using static TorchSharp.torch;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>Whole runs of classification, tagging and masked language models on a tiny encoder.</summary>
public sealed class LabelledRunTests : IDisposable
{
    private static readonly string[] Good = ["good", "fine", "nice"];
    private static readonly string[] Bad = ["bad", "poor", "sad"];
    private readonly TemporaryFolder temporary = new();
    private int runs;

    private string Model => Directory.Exists(Folder("base")) ? Folder("base") : TinyEncoder.Write(Folder("base"));

    public void Dispose() => temporary.Dispose();

    [Fact]
    public void A_classifier_learns_stops_early_and_gives_back_its_best_model()
    {
        var config = Config(TaskType.SequenceClassification, Texts("train", 60), Texts("valid", 20)) with
        {
            Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Epoch, MetricForBestModel = "eval_f1_macro", LoadBestModelAtEnd = true, EarlyStoppingPatience = 3 },
            Duration = new DurationConfig { NumTrainEpochs = 30 },
        };
        var (result, events, folder) = Run(config);
        var evaluations = events.OfType<EvaluationResult>().ToList();
        var best = evaluations.MaxBy(e => e.Metrics["eval_f1_macro"])!;
        Assert.Equal(1, best.Metrics["eval_f1_macro"]);
        Assert.Equal(best.Step + (3 * 8), result.Steps);
        Assert.DoesNotContain("eval_perplexity", best.Metrics.Keys);

        // The result's logits are those of the best step's checkpoint, bit for bit.
        using var saved = PretrainedModelLoader.Load(folder.ModelPath);
        using var checkpoint = PretrainedModelLoader.Load(folder.CheckpointPath(best.Step));
        var input = new ModelInput { InputIds = tensor((long[])[2, 5, 6, 3]).unsqueeze(0) };
        using (no_grad())
        {
            Assert.Equal(((SequenceClassifier)checkpoint).Logits(input).data<float>().ToArray(), ((SequenceClassifier)saved).Logits(input).data<float>().ToArray());
        }

        Assert.Equal(["bad", "good"], ((SequenceClassifier)saved).Labels);
        var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.ModelPath, "config.json"))).RootElement;
        Assert.Equal("good", json.GetProperty("id2label").GetProperty("1").GetString());
        Assert.Equal(1, json.GetProperty("label2id").GetProperty("good").GetInt32());
        Assert.Equal("single_label_classification", json.GetProperty("problem_type").GetString());
        Assert.Equal("BertForSequenceClassification", json.GetProperty("architectures")[0].GetString());

        var report = EvaluationReport.Read(folder.EvaluationPath);
        Assert.Equal((20L, 1.0), (report.Records, report.Metrics["eval_accuracy"]));
        Assert.Equal(best.Metrics["eval_loss"], report.Metrics["eval_loss"], 1e-5);
        var predictions = File.ReadLines(folder.PredictionsPath).Select(l => JsonSerializer.Deserialize<RecordPrediction>(l, TrainerEvent.JsonOptions)!).ToList();
        Assert.Equal(20, predictions.Count);
        Assert.All(predictions, p => Assert.Equal(1, p.Probabilities!.Sum(), 1e-5));
        Assert.Equal("the film was good", predictions[0].Text);

        using var answers = new TextGeneratorFactory().Load(folder.ModelPath, "cpu");
        using var stop = StopSignal.Manual();
        var answer = Assert.IsType<ClassifiedText>(answers.Generate(new GenerationRequest { Prompt = "the film was poor" }, 0, stop));
        Assert.Equal("bad", answer.Label);
        Assert.True(answer.Score > 0.5);
        Assert.Equal(ErrorIds.GenerationRequestInvalid, Assert.Throws<TrainToolsException>(() => answers.Generate(new GenerationRequest { Prompt = " " }, 0, stop)).ErrorId);
    }

    [Fact]
    public void Values_and_several_labels_are_learnt_by_the_same_run()
    {
        string[] values = [.. Enumerable.Range(0, 40).Select(i => $$"""{"text":"the film was {{(i % 2 == 0 ? Good : Bad)[i % 3]}}","label":{{(i % 2 == 0 ? "1.5" : "-0.5")}}}""")];
        var (_, events, folder) = Run(Config(TaskType.SequenceClassification, Write("values", values), Write("values2", values)) with { Duration = new DurationConfig { NumTrainEpochs = 20 } });
        Assert.True(events.OfType<EvaluationResult>().Last().Metrics["eval_mse"] < 0.1);
        Assert.Equal("regression", JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.ModelPath, "config.json"))).RootElement.GetProperty("problem_type").GetString());

        string[] several = [.. Enumerable.Range(0, 40).Select(i => $$"""{"text":"{{Good[i % 3]}} {{(i % 2 == 0 ? "film" : "paris")}}","label":[{{(i % 2 == 0 ? "\"film\"" : "\"place\"")}}{{(i % 3 == 0 ? ",\"good\"" : "")}}]}""")];
        (_, events, _) = Run(Config(TaskType.SequenceClassification, Write("several", several), Write("several2", several)) with { Duration = new DurationConfig { NumTrainEpochs = 30 } });
        Assert.True(events.OfType<EvaluationResult>().Last().Metrics["eval_f1_micro"] > 0.95);
    }

    [Fact]
    public void A_tagger_finds_entities_with_their_places()
    {
        // One to five sentences a record, so that long ones are trained on in windows too.
        var tagged = Write("tags", [.. Enumerable.Range(0, 40).Select(i =>
        {
            var sentences = Enumerable.Range(0, (i % 5) + 1).Select(k => $"\"{((i + k) % 2 == 0 ? "Anna" : "Bob")}\",\"lives\",\"in\",\"{((i + k) % 3 == 0 ? "Paris" : "Rome")}\",\".\"");
            return $$"""{"tokens":[{{string.Join(',', sentences)}}],"ner_tags":[{{string.Join(',', Enumerable.Repeat("\"B-per\",\"O\",\"O\",\"B-loc\",\"O\"", (i % 5) + 1))}}]}""";
        })]);
        var config = Config(TaskType.TokenClassification, tagged, tagged) with { Duration = new DurationConfig { NumTrainEpochs = 12 } };
        config = config with { Data = config.Data with { Stride = 4 } };
        var (_, events, folder) = Run(config);
        var last = events.OfType<EvaluationResult>().Last().Metrics;
        Assert.Equal((1.0, 1.0, 1.0), (last["eval_f1"], last["eval_accuracy"], last["eval_per_f1"]));

        using var answers = new TextGeneratorFactory().Load(folder.ModelPath, "cpu");
        using var stop = StopSignal.Manual();
        const string Text = "bob  lives in rome.";
        var answer = Assert.IsType<TaggedText>(answers.Generate(new GenerationRequest { Prompt = Text }, 0, stop));
        Assert.Equal(["per", "loc"], answer.Entities.Select(e => e.Type));
        Assert.Equal(["bob", "rome"], answer.Entities.Select(e => Text[e.Start..e.End]));

        // Far beyond the model's 32 positions: the windows come together again.
        var text = string.Join(' ', Enumerable.Repeat("anna lives in paris .", 60));
        var many = Assert.IsType<TaggedText>(answers.Generate(new GenerationRequest { Prompt = text, MaxLength = 16 }, 0, stop));
        Assert.Equal(120, many.Entities.Count);
        Assert.All(many.Entities, e => Assert.Contains(text[e.Start..e.End], (string[])["anna", "paris"]));
    }

    [Fact]
    public void An_adapter_carries_its_classifier_and_its_labels()
    {
        var config = Config(TaskType.SequenceClassification, Texts("train", 60), Texts("valid", 20)) with
        {
            Method = new MethodConfig { FinetuningType = TrainingMethod.Lora, LoraR = 4, LoraDropout = 0 },
            Duration = new DurationConfig { NumTrainEpochs = 10 },
            Checkpoints = new CheckpointConfig { SaveStrategy = IntervalStrategy.Epoch, SaveTotalLimit = 1 },
        };
        var (result, events, folder) = Run(config);
        Assert.Equal(1, events.OfType<EvaluationResult>().Last().Metrics["eval_accuracy"]);
        var adapter = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder.AdapterPath, "adapter_config.json"))).RootElement;
        Assert.Equal("SEQ_CLS", adapter.GetProperty("task_type").GetString());
        var modules = adapter.GetProperty("modules_to_save").EnumerateArray().Select(m => m.GetString()).ToList();
        Assert.Contains("classifier", modules);
        Assert.Contains("score", modules);
        using var answers = new TextGeneratorFactory().Load(result.ModelPath!, "cpu");
        using var stop = StopSignal.Manual();
        var answer = Assert.IsType<ClassifiedText>(answers.Generate(new GenerationRequest { Prompt = "the film was nice" }, 0, stop));
        Assert.Equal("good", answer.Label);

        // A checkpoint can be used by itself, as the result can: tokenizer and labels lie with it and are covered by its checksums.
        var checkpoint = folder.CheckpointPath(result.Steps);
        using var early = new TextGeneratorFactory().Load(checkpoint, "cpu");
        Assert.Equal(answer.Scores, Assert.IsType<ClassifiedText>(early.Generate(new GenerationRequest { Prompt = "the film was nice" }, 0, stop)).Scores);
        Assert.Null(CheckpointManifest.FindDamage(checkpoint));
        Assert.Equal(["bad", "good"], LabelFile.Read(checkpoint)!.Names);
        foreach (var merge in (bool[])[false, true])
        {
            var export = new ModelExporter().Export(new ExportRequest { Sources = [new() { Path = checkpoint }], OutputPath = Folder("export" + merge), Merge = merge }, new Recorder());
            Assert.Equal(["bad", "good"], LabelFile.Read(export.Path)!.Names);
            using var exported = new TextGeneratorFactory().Load(export.Path, "cpu");
            Assert.Equal("good", Assert.IsType<ClassifiedText>(exported.Generate(new GenerationRequest { Prompt = "the film was nice" }, 0, stop)).Label);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_masked_model_learns_and_resumes_to_the_same_masks(bool wholeWords)
    {
        var path = Write("texts", [.. Enumerable.Range(0, 30).Select(i => $$"""{"text":"{{(i % 2 == 0 ? "anna" : "bob")}} lives in {{(i % 2 == 0 ? "paris" : "rome")}} . the films was {{Good[i % 3]}}"}""")]);
        var config = Config(TaskType.MaskedLm, path, path) with { Duration = new DurationConfig { NumTrainEpochs = 20 } };
        config = config with { Data = config.Data with { WholeWordMask = wholeWords } };
        var (result, events, _) = Run(config);
        var evaluations = events.OfType<EvaluationResult>().ToList();
        Assert.True(evaluations[^1].Metrics["eval_loss"] < evaluations[0].Metrics["eval_loss"] - 0.3);
        Assert.Equal(RunState.Completed, result.State);

        var (again, _, _) = Run(config);
        Assert.Equal(result.FinalLoss, again.FinalLoss);
    }

    [Fact]
    public void Masking_hides_the_share_it_is_told_to_and_whole_words_at_once()
    {
        var sample = new TrainingSample
        {
            InputIds = [2, .. Enumerable.Range(0, 100).Select(i => 5 + (i % 10)), 3],
            Labels = [-100, .. Enumerable.Range(0, 100).Select(i => 5 + (i % 10)), -100],
            WordIds = [-1, .. Enumerable.Range(0, 100).Select(i => i / 4), -1],
            RecordIndexes = [0],
        };
        var batch = new SampleCollator(0).Collate([sample]);
        var single = new TokenMasking(4, 22, 0.15, wholeWords: false, seed: 1);
        var (kept, masked, other, all) = (0, 0, 0, 0);
        for (var step = 0; step < 200; step++)
        {
            var made = single.Mask(batch, step);
            Assert.Equal(15, made.Positions.Length);
            Assert.DoesNotContain(0L, made.Positions);
            Assert.DoesNotContain(101L, made.Positions);
            Assert.Equal(made.Positions.Select(p => batch.InputIds[p]), made.Targets);
            foreach (var p in made.Positions)
            {
                all++;
                masked += made.InputIds[p] == 4 ? 1 : 0;
                kept += made.InputIds[p] == batch.InputIds[p] ? 1 : 0;
                other += made.InputIds[p] != 4 && made.InputIds[p] != batch.InputIds[p] ? 1 : 0;
            }

            Assert.Equal(made.InputIds, single.Mask(batch, step).InputIds);
        }

        Assert.InRange((double)masked / all, 0.77, 0.84); // 0.8, and a twenty-second of a tenth by chance
        Assert.InRange((double)other / all, 0.07, 0.12);
        var whole = new TokenMasking(4, 22, 0.16, wholeWords: true, seed: 1).Mask(batch, 0);
        Assert.Equal(16, whole.Positions.Length);
        Assert.All(whole.Positions.GroupBy(p => sample.WordIds![p]), g => Assert.Equal(4, g.Count()));
    }

    [Fact]
    public void Weighted_classes_give_torchs_weighted_mean_however_the_step_is_split()
    {
        using var model = (SequenceClassifier)PretrainedModelLoader.Load(Model, new PretrainedModelOptions { Task = TaskType.SequenceClassification, Labels = ["a", "b", "c"], ProblemType = ProblemType.SingleLabelClassification });
        float[] weights = [0.5f, 2f, 4f];
        var objective = new SequenceClassificationObjective(model, CPU, 0.1, weights);
        TrainingSample[] rows = [.. Enumerable.Range(0, 6).Select(i => new TrainingSample { InputIds = [2, 5 + i, 6, 3], Labels = [-100, -100, -100, -100], RowTargets = [i % 3], RecordIndexes = [i] })];
        var collator = new SampleCollator(0);
        var whole = collator.Collate(rows);
        SampleBatch[] parts = [collator.Collate(rows[..1]), collator.Collate(rows[1..])];
        double weight = parts.Sum(objective.Weight);
        Assert.Equal(13, weight);
        using var scope = NewDisposeScope();
        var logits = model.Logits(new ModelInput { InputIds = tensor(whole.InputIds).view(6, 4) });
        var expected = nn.functional.cross_entropy(logits, tensor((long[])[0, 1, 2, 0, 1, 2]), weight: tensor(weights), label_smoothing: 0.1).ToDouble();
        foreach (var parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        Assert.Equal(expected, parts.Sum(p => objective.Backward(p, 1 / weight).Loss.ToDouble()) / weight, 1e-5);
    }

    [Fact]
    public void Layers_are_frozen_and_slowed_down_by_their_depth()
    {
        using var model = PretrainedModelLoader.Load(Model, new PretrainedModelOptions { Task = TaskType.SequenceClassification, Labels = ["a", "b"] });
        var config = new OptimizationConfig { FreezeEmbeddings = true, FreezeLayers = 1 };
        var groups = new FullWeights(model, FrozenParts.From(config, model), 0.5).Groups(0.01);
        var names = groups.SelectMany(g => g.Names).ToList();
        Assert.DoesNotContain(names, n => n.Contains("embeddings", StringComparison.Ordinal) || n.Contains("layer.0.", StringComparison.Ordinal));
        double Factor(string name) => Assert.Single(groups, g => g.Names.Contains(name)).LearningRateFactor;
        Assert.Equal((1.0, 1.0, 0.5), (Factor("classifier.weight"), Factor("bert.pooler.dense.weight"), Factor("bert.encoder.layer.1.output.dense.weight")));
        var all = new FullWeights(model, null, 0.5).Groups(0.01);
        Assert.Equal(0.125, Assert.Single(all, g => g.Names.Contains("bert.embeddings.word_embeddings.weight")).LearningRateFactor);
        Assert.Equal(ErrorIds.FreezeInvalid, Assert.Throws<TrainToolsException>(() => FrozenParts.From(new OptimizationConfig { FreezeLayers = 3 }, model)).ErrorId);
    }

    [Fact]
    public void Balanced_weights_are_scikit_learns()
    {
        // sklearn.utils.class_weight.compute_class_weight("balanced", y=[1,1,1,1,0,0]): [1.5, 0.75]
        TrainingSample Row(float target) => new() { InputIds = [2], Labels = [-100], RowTargets = [target], RecordIndexes = [0] };
        TrainingSample[] rows = [Row(1), Row(1), Row(1), Row(1), Row(0), Row(0)];
        var data = new RunData(new PreparedSamples { Samples = rows, Dropped = [], Records = 6, Truncated = 0, TokensLost = 0, PromptSplits = 0 }, []) { Labels = new LabelSet(["a", "b"], ProblemType.SingleLabelClassification) };
        Assert.Equal([1.5f, 0.75f], ClassWeights.From(new TaskConfig { ClassWeights = SettingList.Create(["balanced"]) }, data)!);
        Assert.Equal([1f, 3f], ClassWeights.From(new TaskConfig { ClassWeights = SettingList.Create(["b=3"]) }, data)!);
        foreach (var wrong in new[] { "c=3", "b", "b=-1", "b=x" })
        {
            Assert.Equal(ErrorIds.ClassWeightInvalid, Assert.Throws<TrainToolsException>(() => ClassWeights.From(new TaskConfig { ClassWeights = SettingList.Create([wrong]) }, data)).ErrorId);
        }
    }

    [Fact]
    public void A_label_that_only_validation_has_is_named_before_anything_is_trained()
    {
        var valid = Write("valid", """{"text":"the film was good","label":"good"}""", """{"text":"the film was good","label":"great"}""");
        var error = Assert.Throws<TrainToolsException>(() => Run(Config(TaskType.SequenceClassification, Texts("train", 10), valid)));
        Assert.Equal(ErrorIds.LabelUnknown, error.ErrorId);
        Assert.Contains("valid.jsonl(2)", error.Message, StringComparison.Ordinal);
        Assert.Contains("'great'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eval_mse")]
    [InlineData("eval_great_f1")]
    [InlineData("eval_perplexity")]
    public void A_metric_that_the_run_will_not_measure_is_named_before_anything_is_trained(string metric)
    {
        var config = Config(TaskType.SequenceClassification, Texts("train", 10), Texts("valid", 4));
        var error = Assert.Throws<TrainToolsException>(() => Run(config with { Evaluation = config.Evaluation with { MetricForBestModel = metric } }));
        Assert.Equal(ErrorIds.ConfigValueInvalid, error.ErrorId);
        Assert.Contains("of a label (bad, good)", error.Remedy, StringComparison.Ordinal);
    }

    private string Folder(string name) => Path.Combine(temporary.Path, name);

    private string Write(string name, params string[] lines)
    {
        var path = Folder(name + ".jsonl");
        File.WriteAllLines(path, lines);
        return path;
    }

    private string Texts(string name, int count) => Write(name, [.. Enumerable.Range(0, count).Select(i =>
        $$"""{"text":"the film was {{(i % 2 == 0 ? Good : Bad)[i / 2 % 3]}}","label":"{{(i % 2 == 0 ? "good" : "bad")}}"}""")]);

    private TrainingConfig Config(TaskType task, string training, string validation) => new()
    {
        Model = new ModelConfig { ModelNameOrPath = Model },
        Data = new DataConfig { DatasetPath = SettingList.Create([training]), ValidationPath = SettingList.Create([validation]), MaxLength = 16 },
        Task = new TaskConfig { TaskType = task },
        Optimization = new OptimizationConfig { LearningRate = 0.01, MaxGradNorm = 1 },
        Schedule = new ScheduleConfig { LrSchedulerType = LrSchedulerType.Constant },
        Batch = new BatchConfig { PerDeviceTrainBatchSize = 8, GradientAccumulationSteps = 1 },
        Evaluation = new EvaluationConfig { EvalStrategy = IntervalStrategy.Epoch },
        Runtime = new RuntimeConfig { Device = "cpu", NumThreads = 1 },
    };

    private (RunResult Result, List<TrainerEvent> Events, RunFolder Folder) Run(TrainingConfig config)
    {
        var folder = new RunFolder(Folder("run" + runs++));
        Directory.CreateDirectory(folder.Path);
        File.WriteAllText(folder.ConfigPath, ConfigYaml.Write(config));
        var sink = new Recorder();
        using var stop = StopSignal.Manual();
        var context = new RunContext { Folder = folder, Config = config, Events = sink, Stop = stop, Info = new RunInfo { State = RunState.Running, ProcessId = 1, Host = "h" } };
        return (new RunEngine().Run(context), sink.Events, folder);
    }

    private sealed class Recorder : IEventSink
    {
        public List<TrainerEvent> Events { get; } = [];

        public void Send(TrainerEvent item) => Events.Add(item);
    }
}
