using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Diagnostics;
using TrainTools.Core.Diagnostics.Remedies;
using TrainTools.Core.Errors;
using TrainTools.Core.Runs;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Tokenization;
using TrainTools.Core.Training;
using TrainTools.Trainer.Adapters;
using TrainTools.Trainer.Backend;
using TrainTools.Trainer.Hosting;
using TrainTools.Trainer.Models;

namespace TrainTools.Trainer.Training;

/// <summary>Does a run: reads what config.yaml names, puts the loop together, runs it, saves the result.</summary>
public sealed class RunEngine : ITrainingEngine
{
    /// <inheritdoc/>
    public RunResult Run(RunContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var config = context.Config;
        RefuseUnknownOptimizer(config.Optimization.Optim);
        TorchBackend.Initialize(new TorchBackendOptions { Threads = config.Runtime.NumThreads });
        var device = TrainingDevice.Find(config.Runtime.Device);
        var precision = config.Runtime.Precision ?? Precision.Fp32;
        var computeType = TrainingDevice.ComputeType(precision, device);
        var modelPath = Required(config.Model.ModelNameOrPath, "model_name_or_path");
        var tokenizer = PretrainedTokenizer.Load(config.Model.TokenizerPath ?? modelPath);

        // A head is as large as its labels are many: what has labels is read before the model is.
        var passedOver = RemedyLog.SkippedRecords(context.Folder);
        RunData Read() => RunData.Prepare(config, tokenizer, context.Events, context.Folder).PassOver(passedOver);
        var labelled = config.Task.TaskType is TaskType.SequenceClassification or TaskType.TokenClassification ? Read() : null;
        EvaluationMetrics.RefuseUnknown(config, labelled?.Labels);
        var method = config.Method;
        TorchRandom.Seed(config.Runtime.Seed);
        using var model = TaskParts.Load(modelPath, config.Task, labelled?.Labels, tokenizer, new PretrainedModelOptions
        {
            ComputeType = computeType,
            ParameterType = method.FinetuningType == TrainingMethod.Full ? torch.ScalarType.Float32 : computeType,
            Quantization = AdapterFactory.Quantization(method),
            Device = device,
            Seed = config.Runtime.Seed,
            AttentionDropout = config.Model.AttentionDropout,
            HiddenDropout = config.Model.HiddenDropout,
            ClassifierDropout = config.Model.ClassifierDropout,
        });
        var fit = TokenizerChecks.AgainstEmbedding(tokenizer, model.VocabularySize);
        if (fit.UnusedRows > 0)
        {
            context.Events.Send(new LogMessage { Level = "verbose", Message = FormattableString.Invariant($"The embedding has {fit.EmbeddingRows} rows for {fit.VocabularySize} tokens: {fit.UnusedRows} rows are not used.") });
        }

        model.NeftuneNoiseAlpha = config.Optimization.NeftuneNoiseAlpha;
        AdapterFactory.RefuseQuantizedFull(model, method);
        using var adapter = method.FinetuningType == TrainingMethod.Full ? null : AdapterFactory.Create(model, config);
        TrainedWeights weights = adapter is null
            ? new FullWeights(model, FrozenParts.From(config.Optimization, model), config.Optimization.LayerwiseLrDecay) : new AdapterWeights(adapter);

        var data = labelled ?? Read();
        var plan = StepPlan.Create(
            data.Training.Samples.Count, config.Batch.PerDeviceTrainBatchSize ?? 8, config.Batch.GradientAccumulationSteps ?? 1,
            config.Duration.NumTrainEpochs ?? 3, config.Duration.MaxSteps);
        var collator = new SampleCollator(tokenizer.PadTokenId ?? tokenizer.EosTokenId ?? 0);
        var objective = TaskParts.Objective(model, config, data, tokenizer);
        var scorer = TaskParts.Scorer(config, data);
        using var optimizer = new AdamW(
            weights.Groups(config.Optimization.WeightDecay, LoraPlusRates.From(config)),
            new AdamWOptions(config.Optimization.AdamBeta1, config.Optimization.AdamBeta2, config.Optimization.AdamEpsilon));
        var scaler = precision == Precision.Fp16 ? new LossScaler() : null;

        var greater = config.Evaluation.GreaterIsBetter ?? EvaluationTracker.GreaterIsBetterByName(config.Evaluation.MetricForBestModel);
        context.Describe(info => info with { Device = device.ToString() });
        using var loop = new TrainingLoop
        {
            Context = context,
            Weights = weights,
            Plan = plan,
            Samples = data.Training.Samples,
            Order = Order(config, data.Training.Samples, plan),
            Collator = collator,
            Schedule = new LearningRateSchedule(ScheduleOptions.From(config.Schedule, Required(config.Optimization.LearningRate, "learning_rate"), plan.MaxSteps, greater)),
            Optimizer = optimizer,
            Scaler = scaler,
            Step = new OptimizerStep(objective, optimizer, config.Optimization.MaxGradNorm ?? 1, config.Runtime.Seed, scaler, new StepProbe(optimizer.Groups), weights.PartTokens),
            PassedOver = passedOver,
            Labels = data.Labels,
            Facts = SampleFacts.Of(data.Training.Samples, data.Validation),
            Evaluator = data.Validation.Count == 0 ? null
                : new Evaluator(objective, data.Validation, config.Batch.PerDeviceEvalBatchSize ?? plan.BatchSize, collator, scorer, config.Evaluation.MetricForBestModel),
            Tracker = new EvaluationTracker(greater, config.Evaluation.EarlyStoppingPatience, config.Evaluation.EarlyStoppingThreshold),
        };
        var result = loop.Run();
        if (result.State != RunState.Completed)
        {
            return result;
        }

        var path = weights.ResultPath(context.Folder);
        if (adapter is not null)
        {
            var probe = new ModelInput { InputIds = torch.tensor(data.Training.Samples[0].InputIds.Take(64).Select(i => (long)i).ToArray(), device: device).unsqueeze(0) };
            torch.Tensor Forward() => TaskParts.Logits(model, probe);
            var could = loop.HadRate || Required(config.Optimization.LearningRate, "learning_rate") == 0;
            if (!could)
            {
                context.Events.Send(new LogMessage { Level = "warning", Message = FormattableString.Invariant($"Every step of this run had the learning rate 0 ({result.Steps} of them; a warm-up begins at 0), so the adapter is what it was at the beginning, and whether it learns was not checked. Give the run more steps, or set warmup_steps to 0.") });
            }

            AdapterAcceptance.Check(adapter, Forward, could);
            weights.SaveResult(path);
            AdapterAcceptance.CheckSaved(adapter, path, Forward);
        }
        else
        {
            weights.Save(path);
        }

        WeightCompanions.Write(path, config.Model, data.Labels);
        if (scorer is not null && loop.Evaluator is { } evaluator)
        {
            EvaluationWriter.Write(evaluator, scorer, config, context.Folder, path);
        }

        return result with { ModelPath = path };
    }

    private static RowOrder Order(TrainingConfig config, IReadOnlyList<TrainingSample> samples, StepPlan plan)
    {
        var curriculum = config.Data.Curriculum
            ? new CurriculumOrder(Difficulty(samples), config.Data.CurriculumStart, config.Data.CurriculumEnd, (double)plan.MaxSteps / plan.UpdatesPerEpoch)
            : null;
        return new RowOrder(samples.Count, config.Data.Shuffle, config.Runtime.Seed, curriculum);
    }

    /// <summary>The scores that cleaning wrote into the records, or lengths where a row has none.</summary>
    private static double[] Difficulty(IReadOnlyList<TrainingSample> samples) => samples.All(s => s.Difficulty is not null)
        ? [.. samples.Select(s => s.Difficulty!.Value)]
        : [.. samples.Select(s => (double)s.Length)];

    private static void RefuseUnknownOptimizer(string name)
    {
        if (name is not ("adamw_torch_fused" or "adamw_torch" or "adamw"))
        {
            throw new TrainToolsException(
                ErrorIds.OptimizerUnsupported, ErrorKind.NotSupported, $"The optimizer '{name}' is not known.", "Set optim to adamw_torch_fused.", "optim");
        }
    }

    private static T Required<T>(T? value, string setting)
        where T : class =>
        value ?? throw Missing(setting);

    private static double Required(double? value, string setting) => value ?? throw Missing(setting);

    private static TrainToolsException Missing(string setting) => new(
        ErrorIds.ConfigValueInvalid, ErrorKind.InvalidArgument, $"The configuration has no {setting}.", $"Set {setting}.", setting);
}
