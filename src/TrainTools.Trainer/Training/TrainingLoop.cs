using System.Diagnostics;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Samples.Labels;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;
using TrainTools.Trainer.Hosting;

namespace TrainTools.Trainer.Training;

/// <summary>
/// The loop over steps: batches in, events, metrics and checkpoints out. What it keeps between steps is in
/// <see cref="CheckpointState"/>; everything else is a function of the seed and the step.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly ManagedHeap heap = new();
    private readonly Stopwatch clock = new();
    private readonly List<double> metrics = [];
    private IReadOnlyDictionary<string, double>? lastEvaluation;
    private readonly MemoryLimit memory = new();
    private bool stopped;
    private bool patienceUsedUp;
    private RunLogs? log;
    private RunWatch? watch;
    private CheckpointStore? checkpoints;
    private string? lastCheckpoint;
    private double lossSum;
    private double? firstLoss;
    private double lastLoss = double.NaN;
    private double intervalLoss;
    private int intervalSteps;
    private long tokens;
    private double secondsBefore;
    private int done;

    public required RunContext Context { get; init; }

    public required TrainedWeights Weights { get; init; }

    public required StepPlan Plan { get; init; }

    public required IReadOnlyList<TrainingSample> Samples { get; init; }

    public required RowOrder Order { get; init; }

    public required SampleCollator Collator { get; init; }

    public required LearningRateSchedule Schedule { get; init; }

    public required AdamW Optimizer { get; init; }

    public required LossScaler? Scaler { get; init; }

    public required OptimizerStep Step { get; init; }

    public required Evaluator? Evaluator { get; init; }

    /// <summary>The labels a prediction chooses from; null = the vocabulary.</summary>
    public LabelSet? Labels { get; init; }

    /// <summary>What the rows tell the diagnosis before the first step.</summary>
    public required SampleFacts Facts { get; init; }

    /// <summary>Records that teach nothing on purpose: a remedy has the run pass over them.</summary>
    public IReadOnlySet<long> PassedOver { get; init; } = System.Collections.Frozen.FrozenSet<long>.Empty;

    public required EvaluationTracker Tracker { get; set; }

    /// <summary>Whether any step so far, those before a resumption included, had a learning rate above 0.</summary>
    public bool HadRate => Enumerable.Range(0, done).Any(step => Schedule.At(step, metrics) > 0);

    private TrainingConfig Config => Context.Config;

    /// <summary>Runs to the end, to a stop, or to the patience's end.</summary>
    public RunResult Run()
    {
        Resume();
        checkpoints = new CheckpointStore(Context.Folder, Config, Labels);
        checkpoints.EnsureRoom(Weights, Optimizer);
        log = new RunLogs(Context.Folder, done, Config.Logging.Tensorboard);
        var started = new RunStarted
        {
            MaxSteps = Plan.MaxSteps,
            FirstStep = done,
            NumTrainEpochs = (double)Plan.MaxSteps / Plan.UpdatesPerEpoch,
            Samples = Plan.Rows,
            TrainableParameters = Optimizer.Groups.Sum(g => g.Tensors.Sum(t => t.numel())),
            TotalParameters = Weights.TotalParameters,
            Device = Weights.Model.Device.ToString(),
        };
        Context.Describe(i => i with { MaxSteps = Plan.MaxSteps });
        Context.Events.Send(started);
        DiagnosisLog.KeepUntil(Context.Folder.DiagnosesPath, done);
        watch = Watch(started);
        clock.Start();
        while (done < Plan.MaxSteps && !stopped && !patienceUsedUp)
        {
            try
            {
                Steps();
            }
            catch (Exception e) when (MemoryLimit.RanOut(e))
            {
                // Nothing of the step was kept: it is done again, of smaller batches.
                var shortage = memory.Shortage(done, Config.Batch.AutoFindBatchSize, Step.Parts);
                watch.Observe(shortage);
                Context.Events.Send(new LogMessage { Level = "warning", Message = memory.Answer(e, shortage, Config) });
            }
        }

        Announce(checkpoints.Finish());
        if (stopped)
        {
            return Result(RunState.Stopped);
        }

        watch.Complete();
        LoadBest();
        var result = Result(RunState.Completed);
        log.Append(result);
        return result;
    }

    public void Dispose()
    {
        checkpoints?.Dispose();
        log?.Dispose();
    }

    private RunWatch Watch(RunStarted started)
    {
        var facts = RunFacts.From(Config, started) with { Classes = Labels?.Names.Count ?? Weights.Model.VocabularySize, TargetEntropy = Facts.TargetEntropy, EvaluationOverlap = Facts.EvaluationOverlap, EvaluationRows = Facts.EvaluationRows, MostRowsOfRecord = Facts.MostRowsOfRecord };
        Context.Describe(i => i with { Facts = facts with { Config = null } });
        var made = new RunWatch(facts, Context.Folder, Context.Events);
        if (done > 0)
        {
            made.Replay(RunMetrics.Read(Context.Folder.MetricsPath));
        }

        return made;
    }

    private void Steps()
    {
        using var batches = new BatchSource(Samples, Plan, Order, Collator, done, memory.MicroBatch);
        foreach (var window in batches.Steps())
        {
            memory.Watch(window);
            var began = Stopwatch.GetTimestamp();
            var processor = Environment.CpuUsage.TotalTime;
            var rate = Schedule.At(window.Step, metrics);
            var outcome = Step.Run(window, rate);
            done = window.Step + 1;
            var worked = Environment.CpuUsage.TotalTime - processor;
            Report(window, outcome, rate, Stopwatch.GetElapsedTime(began).TotalSeconds, worked.TotalSeconds, batches.WaitedSeconds);
            if (EvaluationDue())
            {
                patienceUsedUp = !Evaluate();
            }

            if (CheckpointDue() && lastCheckpoint != Context.Folder.CheckpointPath(done))
            {
                Save();
            }

            Announce(checkpoints!.Poll());
            stopped = Context.Stop.IsRequested && done < Plan.MaxSteps;
            if (stopped && lastCheckpoint != Context.Folder.CheckpointPath(done))
            {
                Save();
            }

            if (stopped || patienceUsedUp)
            {
                return;
            }

            heap.Tidy();
        }
    }

    private void Report(StepBatches window, StepOutcome outcome, double rate, double seconds, double worked, double waited)
    {
        tokens += window.Tokens;
        if (outcome.Targets > 0)
        {
            firstLoss ??= outcome.Loss;
            lastLoss = outcome.Loss;
            intervalLoss += outcome.Loss;
            intervalSteps++;
        }

        // A step without a target has no loss; the mean over the run takes the last one in its place.
        lossSum += lastLoss;
        var passedOver = PassedOver.Count == 0 ? 0 : window.RecordIndexes.Count(PassedOver.Contains);
        if (!outcome.Updated)
        {
            var why = outcome.Targets == 0 ? passedOver > 0 ? "its records are passed over" : "none of its rows has a supervised token" : FormattableString.Invariant($"its gradient is not finite (norm {outcome.GradNorm}, loss {outcome.Loss})");
            Context.Events.Send(new LogMessage
            {
                Level = "warning",
                Message = FormattableString.Invariant($"Step {done} changed nothing: {why}. Records: {string.Join(", ", window.RecordIndexes.Take(8))}."),
            });
        }

        var step = new TrainingStep
        {
            Step = done,
            Epoch = Plan.EpochsDone(done),
            Loss = outcome.Loss,
            GradNorm = outcome.GradNorm,
            LearningRate = rate,
            NumInputTokens = window.Tokens,
            NumSupervisedTokens = outcome.Targets,
            StepSeconds = seconds + waited,
            DataSeconds = waited,
            CpuSeconds = Weights.Model.Device.type == TorchSharp.DeviceType.CPU ? worked : null,
            MeanTokenAccuracy = outcome.Accuracy,
            Clipped = outcome.Clipped,
            ResidentBytes = Environment.WorkingSet,
            Skipped = outcome.Updated ? null : true,
            RowsWithoutTargets = window.RowsWithoutTargets is { } empty ? Math.Max(0, empty - passedOver) : null,
            RecordsPassedOver = passedOver == 0 ? null : passedOver,
            MicroGradNorm = outcome.Signals?.MicroGradNorm,
            UpdateRatio = outcome.Signals?.UpdateRatio,
            GroupGradNorms = outcome.Signals?.GroupGradNorms,
            StillParameters = outcome.Signals?.StillParameters,
            ZeroAdapters = outcome.Signals?.ZeroAdapters,
            Adapters = outcome.Signals?.Adapters,
            NonFiniteTensor = outcome.Signals?.NonFiniteTensor,
            Records = [.. window.RecordIndexes],
        };
        Context.Events.Send(step);
        watch!.Observe(step);
        if (done % Config.Logging.LoggingSteps == 0 || done == Plan.MaxSteps)
        {
            // As in Trainer logs: the mean of the steps' losses since the last line, the rest of the last step.
            log!.Append(step with { Loss = intervalLoss / intervalSteps });
            intervalLoss = 0;
            intervalSteps = 0;
        }
    }

    private bool EvaluationDue() => Evaluator is not null && Due(Config.Evaluation.EvalStrategy ?? IntervalStrategy.Epoch, Config.Evaluation.EvalSteps);

    private bool CheckpointDue() => Due(Config.Checkpoints.SaveStrategy, Config.Checkpoints.SaveSteps);

    private bool Due(IntervalStrategy strategy, double? steps) => strategy switch
    {
        IntervalStrategy.Epoch => Plan.EndsEpoch(done),
        IntervalStrategy.Steps => done % Plan.Interval(steps ?? 500) == 0 || done == Plan.MaxSteps,
        _ => false,
    };

    /// <summary>Evaluates; false where patience is used up.</summary>
    private bool Evaluate()
    {
        lastEvaluation = EvaluateWithinMemory();
        var evaluation = new EvaluationResult { Step = done, Epoch = Plan.EpochsDone(done), Metrics = lastEvaluation };
        Context.Events.Send(evaluation);
        log!.Append(evaluation);
        watch!.Observe(evaluation);
        var name = Config.Evaluation.MetricForBestModel;
        if (!lastEvaluation.TryGetValue(name, out var value) && !lastEvaluation.TryGetValue("eval_" + name, out value))
        {
            throw new TrainToolsException(
                ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"There is no metric '{name}'.",
                $"Set metric_for_best_model to one of {string.Join(", ", lastEvaluation.Keys)}.", "metric_for_best_model");
        }

        metrics.Add(value);
        var decision = Tracker.Observe(done, value);
        if (decision.IsBest && Config.Evaluation.LoadBestModelAtEnd)
        {
            Save();
        }

        if (decision.ShouldStop)
        {
            Context.Events.Send(new LogMessage
            {
                Level = "information",
                Message = FormattableString.Invariant($"Ended after step {done} of {Plan.MaxSteps}: {name} has not improved for {decision.WithoutImprovement} evaluations (best {Tracker.State.Best} at step {Tracker.State.BestStep})."),
            });
        }

        return !decision.ShouldStop;
    }

    private IReadOnlyDictionary<string, double> EvaluateWithinMemory()
    {
        while (true)
        {
            try
            {
                return Evaluator!.Run();
            }
            catch (Exception e) when (MemoryLimit.RanOut(e))
            {
                var goesOn = Config.Batch.AutoFindBatchSize && Evaluator!.BatchSize > 1;
                watch!.Observe(new MemoryShortage(done, Evaluator!.BatchSize, 0, InEvaluation: true, goesOn));
                if (!goesOn)
                {
                    throw MemoryLimit.InEvaluation(e, Evaluator!.BatchSize);
                }

                Evaluator.HalveBatch();
                Context.Events.Send(new LogMessage { Level = "warning", Message = $"Memory ran out in the evaluation: it goes on with batches of {Evaluator.BatchSize} rows." });
            }
        }
    }

    private void Save()
    {
        lastCheckpoint = Context.Folder.CheckpointPath(done);
        var state = new CheckpointState
        {
            Step = done,
            Epoch = Plan.EpochsDone(done),
            Seed = Config.Runtime.Seed,
            Rows = Plan.Rows,
            BatchSize = Plan.BatchSize,
            Accumulation = Plan.Accumulation,
            MicroBatch = memory.MicroBatch,
            EvaluationBatch = Evaluator?.BatchSize,
            LossSum = lossSum,
            FirstLoss = firstLoss,
            LastLoss = lastLoss,
            IntervalLoss = intervalLoss,
            IntervalSteps = intervalSteps,
            TrainSeconds = secondsBefore + clock.Elapsed.TotalSeconds,
            LastEvaluation = lastEvaluation,
            Hashes = Context.Info.Hashes,
            Versions = Context.Info.Versions,
            Tokens = tokens,
            Evaluation = Tracker.State,
            Metrics = metrics,
            LossScale = Scaler?.Scale,
            LossScaleGoodSteps = Scaler?.GoodSteps ?? 0,
        };
        checkpoints!.Begin(Weights, Optimizer, state, log!.Flush, Config.Evaluation.LoadBestModelAtEnd ? Tracker.State.BestStep : null);
    }

    private void Announce(IReadOnlyList<CheckpointSaved> saved)
    {
        foreach (var item in saved)
        {
            Context.Events.Send(item);
        }
    }

    private void Resume()
    {
        if (Context.ResumeFrom is not { } path)
        {
            return;
        }

        var state = CheckpointState.Read(path);
        Weights.Restore(path);
        CheckpointSnapshot.RestoreOptimizer(path, Optimizer);
        Scaler?.Restore(state.LossScale ?? Scaler.Scale, state.LossScaleGoodSteps);
        Tracker = new EvaluationTracker(Schedule.Options.GreaterIsBetter, Config.Evaluation.EarlyStoppingPatience, Config.Evaluation.EarlyStoppingThreshold, state.Evaluation);
        metrics.AddRange(state.Metrics);
        memory.Restore(state.MicroBatch);
        while (Evaluator is not null && Evaluator.BatchSize > (state.EvaluationBatch ?? int.MaxValue))
        {
            Evaluator.HalveBatch();
        }

        (done, lossSum, firstLoss, tokens, lastCheckpoint) = (state.Step, state.LossSum, state.FirstLoss, state.Tokens, path);
        (lastLoss, intervalLoss, intervalSteps, secondsBefore, lastEvaluation) =
            (state.LastLoss ?? double.NaN, state.IntervalLoss, state.IntervalSteps, state.TrainSeconds, state.LastEvaluation);
    }

    private void LoadBest()
    {
        if (Config.Evaluation.LoadBestModelAtEnd && Tracker.State.BestStep is { } best && best != done)
        {
            Weights.Restore(Context.Folder.CheckpointPath(best));
            Context.Events.Send(new LogMessage
            {
                Level = "information",
                Message = FormattableString.Invariant($"Loaded the best model, of step {best} ({Config.Evaluation.MetricForBestModel} {Tracker.State.Best})."),
            });
        }
    }

    private RunResult Result(RunState state) => new()
    {
        State = state,
        Steps = done,
        FirstLoss = firstLoss,
        FinalLoss = lastLoss,
        TrainLoss = lossSum / Math.Max(1, done),
        EvaluationMetrics = lastEvaluation,
        TrainSeconds = secondsBefore + clock.Elapsed.TotalSeconds,
        NumInputTokens = tokens,
        CheckpointPath = lastCheckpoint,
    };
}
