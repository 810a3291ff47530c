using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Parity.Training;

/// <summary>How a rig trains; the defaults are those of the golden runs.</summary>
public sealed record TrainingRigOptions
{
    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Share of the target spread over the classes.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>Largest gradient norm; 0 = no clipping.</summary>
    public double MaxGradNorm { get; init; } = 1;

    /// <summary>Seed of dropout and noise.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Gradient checkpointing.</summary>
    public bool Checkpointing { get; init; }

    /// <summary>Loss scale; null = none.</summary>
    public LossScaler? Scaler { get; init; }

    /// <summary>Tokens of a batch that are computed at a time; null = all.</summary>
    public int? PartTokens { get; init; }

    /// <summary>How the model is loaded.</summary>
    public PretrainedModelOptions? Model { get; init; }
}

/// <summary>A training of a model folder on given rows: the trainer's own pieces, without run folder and files around them.</summary>
public sealed class TrainingRig : IDisposable
{
    private readonly AdamW optimizer;

    /// <summary>Loads a model and puts the pieces together.</summary>
    public TrainingRig(string modelFolder, TrainingRigOptions? options = null)
    {
        options ??= new TrainingRigOptions();
        Model = PretrainedModelLoader.Load(modelFolder, options.Model);
        foreach (var parameter in Model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        Objective = Model switch
        {
            CausalLanguageModel causal => new CausalLanguageObjective(causal, torch.CPU, options.LabelSmoothing, options.Checkpointing ? new RecomputingLayers(options.Seed) : null),
            SequenceClassifier classifier => new SequenceClassificationObjective(classifier, torch.CPU, options.LabelSmoothing),
            TokenClassifier classifier => new TokenClassificationObjective(classifier, torch.CPU, options.LabelSmoothing),
            _ => throw new NotSupportedException(Model.GetType().Name),
        };
        optimizer = new AdamW(ParameterGroup.ForModel(Model, options.WeightDecay));
        Step = new OptimizerStep(Objective, optimizer, options.MaxGradNorm, options.Seed, options.Scaler, partTokens: options.PartTokens);
    }

    /// <summary>The model.</summary>
    public PretrainedModel Model { get; }

    /// <summary>The objective that fits it.</summary>
    public ITrainingObjective Objective { get; }

    /// <summary>The optimizer step.</summary>
    public OptimizerStep Step { get; }

    /// <summary>Rows of the golden files: ids, mask and labels (a list, a class, a value), padded on the right.</summary>
    public static List<TrainingSample> Rows(JsonElement rows, bool tokens) => [.. rows.EnumerateArray().Select((row, index) =>
    {
        var length = row.GetProperty("attention_mask").EnumerateArray().Sum(m => m.GetInt32());
        int[] ids = [.. row.GetProperty("input_ids").EnumerateArray().Take(length).Select(v => v.GetInt32())];
        var labels = row.GetProperty("labels");
        return new TrainingSample
        {
            InputIds = ids,
            Labels = tokens ? [.. labels.EnumerateArray().Take(length).Select(v => v.GetInt32())] : [.. ids.Select(_ => TrainingSample.Ignored)],
            RowTargets = tokens ? null : labels.ValueKind == JsonValueKind.Array ? [.. labels.EnumerateArray().Select(v => v.GetSingle())] : [labels.GetSingle()],
            RecordIndexes = [index],
        };
    })];

    /// <summary>Trains through a plan; each step's outcome with the rate it used.</summary>
    public List<(StepOutcome Outcome, double LearningRate)> Train(
        IReadOnlyList<TrainingSample> samples, StepPlan plan, LearningRateSchedule? schedule = null, RowOrder? order = null, double learningRate = 1e-3)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(plan);
        schedule ??= new LearningRateSchedule(new ScheduleOptions { Type = LrSchedulerType.Constant, LearningRate = learningRate, WarmupSteps = 0, TotalSteps = plan.MaxSteps });
        order ??= new RowOrder(samples.Count, shuffle: false, seed: 0);
        using var source = new BatchSource(samples, plan, order, new SampleCollator(0));
        return [.. source.Steps().Select(window =>
        {
            var rate = schedule.At(window.Step);
            return (Step.Run(window, rate), rate);
        })];
    }

    /// <summary>Frees model and optimizer.</summary>
    public void Dispose()
    {
        optimizer.Dispose();
        Model.Dispose();
    }
}
