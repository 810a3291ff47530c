using System.Diagnostics;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Bench.Diagnosis;

/// <summary>
/// One real training: the trainer's own step, optimizer, probe, schedule and evaluation, without a run folder. Its events
/// are those the trainer would send.
/// </summary>
internal sealed class Trial(Bases bases, int steps)
{
    /// <summary>Runs a healthy trial.</summary>
    public TrialLog Run(TrialSpec spec, Action<Injection>? oddity = null) => Run(spec, 0, run => oddity?.Invoke(run));

    /// <summary>Runs a faulty trial; <paramref name="repair"/> comes after the fault.</summary>
    public TrialLog Run(TrialSpec spec, Fault fault, Action<Injection>? repair = null, bool undone = false)
    {
        var random = new Random(((int)spec.Seed * 7919) + 77);
        var onset = fault.CanBeginLate && spec.Seed % 2 == 0 ? random.Next(steps / 4, steps * 6 / 10) : 0;
        return Run(spec, onset, run =>
        {
            if (!undone)
            {
                fault.Inject(run);
            }

            repair?.Invoke(run);
        });
    }

    /// <summary>The objective of a model.</summary>
    public static ITrainingObjective Objective(PretrainedModel model) => model switch
    {
        CausalLanguageModel language => new CausalLanguageObjective(language, torch.CPU),
        SequenceClassifier classifier => new SequenceClassificationObjective(classifier, torch.CPU),
        _ => throw new NotSupportedException(model.GetType().Name),
    };

    private TrialLog Run(TrialSpec spec, int onset, Action<Injection> change)
    {
        var setting = spec.Setting;
        var data = DataSets.For(setting.DataSet, spec.Seed);
        var collator = new SampleCollator(0);
        var run = new Injection
        {
            Setting = setting, Severity = spec.Severity, Onset = onset, Random = new Random((int)spec.Seed), Collator = collator,
            Config = setting.Config(spec.Seed, steps), Training = [.. data.Training], Validation = [.. data.Validation],
        };
        change(run);
        var config = run.Config;
        torch.random.manual_seed(config.Runtime.Seed);
        var folder = run.TinyModel is { } hidden ? bases.Tiny(hidden) : bases.Of(setting.Family);
        using var model = PretrainedModelLoader.Load(folder, new PretrainedModelOptions
        {
            Task = config.Task.TaskType, Labels = data.Labels, Seed = config.Runtime.Seed,
            AttentionDropout = config.Model.AttentionDropout, HiddenDropout = config.Model.HiddenDropout, ClassifierDropout = config.Model.ClassifierDropout,
        });
        using var adapter = config.Method.FinetuningType == TrainingMethod.Full ? null : AdapterFactory.Create(model, config);
        TrainedWeights weights = adapter is null ? new FullWeights(model) : new AdapterWeights(adapter);
        Freeze(model, run);
        var groups = weights.Groups(config.Optimization.WeightDecay);
        using var optimizer = new AdamW(run.NotInOptimizer is { } missing ? [.. groups.Select(g => Without(g, missing)).Where(g => g.Names.Count > 0)] : groups);
        var plan = StepPlan.Create(run.Training.Count, config.Batch.PerDeviceTrainBatchSize!.Value, config.Batch.GradientAccumulationSteps!.Value, 1, config.Duration.MaxSteps);
        var order = new RowOrder(run.Training.Count, config.Data.Shuffle, config.Runtime.Seed, config.Data.Curriculum
            ? new CurriculumOrder([.. run.Training.Select(s => (double)s.Length)], config.Data.CurriculumStart, config.Data.CurriculumEnd, (double)plan.MaxSteps / plan.UpdatesPerEpoch)
            : null);
        var schedule = new LearningRateSchedule(ScheduleOptions.From(config.Schedule, config.Optimization.LearningRate!.Value, plan.MaxSteps));
        using var objective = new FaultyObjective(Objective(model), run, [.. groups.SelectMany(g => g.Tensors)]);
        var step = new OptimizerStep(objective, optimizer, config.Optimization.MaxGradNorm ?? 1, config.Runtime.Seed, null, run.Unwatched ? null : new StepProbe(groups));
        var evaluator = new Evaluator(objective, run.Validation, 32, collator);
        var judge = new Evaluator(objective, data.Test, 32, collator);

        var started = new RunStarted
        {
            MaxSteps = plan.MaxSteps, NumTrainEpochs = (double)plan.MaxSteps / plan.UpdatesPerEpoch, Samples = plan.Rows,
            TrainableParameters = optimizer.Groups.Sum(g => g.Tensors.Sum(t => t.requires_grad ? t.numel() : 0)), TotalParameters = weights.TotalParameters,
        };
        var facts = RunFacts.From(config, started);
        var rows = SampleFacts.Of(run.Training, run.Validation);
        facts = facts with
        {
            Classes = model is SequenceClassifier classifier ? classifier.Labels.Count : model.VocabularySize,
            TargetEntropy = model is SequenceClassifier ? Entropy(run.Training) : rows.TargetEntropy,
            EvaluationOverlap = rows.EvaluationOverlap,
            EvaluationRows = rows.EvaluationRows,
        };
        return Train(spec, run, config, plan, order, collator, schedule, step, evaluator, judge, facts);
    }

    private static TrialLog Train(
        TrialSpec spec, Injection run, TrainingConfig config, StepPlan plan, RowOrder order, SampleCollator collator, LearningRateSchedule schedule,
        OptimizerStep step, Evaluator evaluator, Evaluator judge, RunFacts facts)
    {
        var engine = new DiagnosisEngine(facts);
        var (done, evaluations, records) = (new List<TrainingStep>(), new List<EvaluationResult>(), new List<long[]>());
        var (training, diagnosis) = (new Stopwatch(), new Stopwatch());
        var (best, bestTest, without) = (double.PositiveInfinity, double.NaN, 0);
        using var leak = new LeakedMemory();
        var heap = new ManagedHeap();
        using var source = new BatchSource(run.Training, plan, order, collator);
        using var windows = source.Steps().GetEnumerator();
        training.Start();
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            if (!windows.MoveNext())
            {
                break;
            }

            var window = windows.Current;
            window = run.Batches?.Invoke(window) ?? window;
            if (run.Delay?.Invoke(window.Step, Usual(done)) is > 0 and var delay)
            {
                Thread.Sleep(TimeSpan.FromSeconds(delay));
            }

            var waited = Stopwatch.GetElapsedTime(began).TotalSeconds;
            heap.Tidy();
            leak.Keep(run.Leak?.Invoke(window.Step) ?? 0);
            var rate = schedule.At(window.Step);
            var processor = Environment.CpuUsage.TotalTime;
            var outcome = step.Run(window, rate);
            var worked = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
            var number = window.Step + 1;
            var seen = new TrainingStep
            {
                Step = number,
                Epoch = plan.EpochsDone(number),
                Loss = outcome.Loss,
                GradNorm = outcome.GradNorm,
                LearningRate = rate,
                NumInputTokens = window.Tokens,
                NumSupervisedTokens = outcome.Targets,
                StepSeconds = Stopwatch.GetElapsedTime(began).TotalSeconds,
                DataSeconds = waited,
                CpuSeconds = worked,
                MeanTokenAccuracy = outcome.Accuracy,
                Clipped = outcome.Clipped,
                ResidentBytes = Environment.WorkingSet,
                Skipped = outcome.Updated ? null : true,
                RowsWithoutTargets = config.Task.TaskType == TaskType.CausalLm ? window.RowsWithoutTargets : null,
                MicroGradNorm = outcome.Signals?.MicroGradNorm,
                UpdateRatio = outcome.Signals?.UpdateRatio,
                GroupGradNorms = outcome.Signals?.GroupGradNorms,
                StillParameters = outcome.Signals?.StillParameters,
                ZeroAdapters = outcome.Signals?.ZeroAdapters,
                Adapters = outcome.Signals?.Adapters,
                NonFiniteTensor = outcome.Signals?.NonFiniteTensor,
                Records = [.. window.RecordIndexes],
            };
            done.Add(seen);
            records.Add([.. window.RecordIndexes]);
            diagnosis.Start();
            engine.Observe(seen);
            diagnosis.Stop();
            if (number % plan.Interval(config.Evaluation.EvalSteps ?? 20) != 0 && number != plan.MaxSteps)
            {
                continue;
            }

            var evaluation = new EvaluationResult { Step = number, Epoch = seen.Epoch, Metrics = evaluator.Run() };
            evaluations.Add(evaluation);
            diagnosis.Start();
            engine.Observe(evaluation);
            diagnosis.Stop();
            var loss = evaluation.Metrics["eval_loss"];
            without = loss < best ? 0 : without + 1;
            if (loss < best)
            {
                best = loss;
                bestTest = config.Evaluation.LoadBestModelAtEnd ? judge.Run()["eval_loss"] : double.NaN;
            }

            if (config.Evaluation.EarlyStoppingPatience is { } patience && without >= patience)
            {
                break;
            }
        }

        training.Stop();
        var test = judge.Run()["eval_loss"];
        return new TrialLog
        {
            Spec = spec,
            Onset = run.Onset + 1,
            Config = ConfigYaml.Write(config),
            Facts = facts with { Config = null },
            Steps = done,
            Evaluations = evaluations,
            Records = records,
            TestLoss = config.Evaluation.LoadBestModelAtEnd && double.IsFinite(bestTest) ? bestTest : test,
            BestTestLoss = bestTest,
            BrokenInvariant = run.BrokenInvariant,
            TrainSeconds = training.Elapsed.TotalSeconds - diagnosis.Elapsed.TotalSeconds,
            DiagnosisSeconds = diagnosis.Elapsed.TotalSeconds,
        };
    }

    // Median time of the last steps without waiting.
    private static double Usual(List<TrainingStep> done) =>
        done.Count == 0 ? 0 : done.TakeLast(9).Select(s => s.StepSeconds - (s.DataSeconds ?? 0)).Order().ElementAt(Math.Min(9, done.Count) / 2);

    private static void Freeze(PretrainedModel model, Injection run)
    {
        if (run.Frozen is not { } frozen)
        {
            return;
        }

        foreach (var (name, tensor) in model.Parameters)
        {
            if (frozen(name))
            {
                tensor.requires_grad_(false);
            }
        }
    }

    private static ParameterGroup Without(ParameterGroup group, Func<string, bool> missing)
    {
        var kept = Enumerable.Range(0, group.Names.Count).Where(i => !missing(group.Names[i])).ToList();
        return group with { Names = [.. kept.Select(i => group.Names[i])], Tensors = [.. kept.Select(i => group.Tensors[i])] };
    }

    private static double Entropy(List<TrainingSample> samples)
    {
        var shares = samples.GroupBy(s => s.RowTargets![0]).Select(g => (double)g.Count() / samples.Count);
        return shares.Sum(p => -p * Math.Log(p));
    }
}
