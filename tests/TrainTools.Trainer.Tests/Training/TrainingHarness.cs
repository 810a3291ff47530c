using System.Text.Json;
using TorchSharp;
using TrainTools.Core.Configuration;
using TrainTools.Core.Samples;
using TrainTools.Core.Schedules;
using TrainTools.Core.Training;
using TrainTools.Trainer.Models;
using TrainTools.Trainer.Training;

namespace TrainTools.Trainer.Tests.Training;

/// <summary>A training of a small model on given rows: the pieces of a run without files around them.</summary>
internal sealed class TrainingHarness : IDisposable
{
    private readonly AdamW optimizer;

    public TrainingHarness(
        string modelFolder, double weightDecay = 0.01, double labelSmoothing = 0, double maxGradNorm = 1, long seed = 42,
        PretrainedModelOptions? options = null, bool checkpointing = false, LossScaler? scaler = null)
    {
        Model = PretrainedModelLoader.LoadCausal(modelFolder, options);
        foreach (var parameter in Model.Parameters.Values)
        {
            parameter.requires_grad_(true);
        }

        optimizer = new AdamW(ParameterGroup.ForModel(Model, weightDecay));
        Objective = new CausalLanguageObjective(Model, torch.CPU, labelSmoothing, checkpointing ? new RecomputingLayers(seed) : null);
        Step = new OptimizerStep(Objective, optimizer, maxGradNorm, seed, scaler);
    }

    public CausalLanguageModel Model { get; }

    public CausalLanguageObjective Objective { get; }

    public OptimizerStep Step { get; }

    public static string ModelFolder(string name) => Path.Combine(AppContext.BaseDirectory, "Data", "models", name);

    public static JsonElement Json(params string[] parts)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine([AppContext.BaseDirectory, "Data", .. parts])));
        return document.RootElement.Clone();
    }

    /// <summary>Rows of the golden files: ids, mask and labels, padded on the right.</summary>
    public static List<TrainingSample> Rows(JsonElement rows) => [.. rows.EnumerateArray().Select((row, index) =>
    {
        var length = row.GetProperty("attention_mask").EnumerateArray().Sum(m => m.GetInt32());
        return new TrainingSample
        {
            InputIds = [.. row.GetProperty("input_ids").EnumerateArray().Take(length).Select(v => v.GetInt32())],
            Labels = [.. row.GetProperty("labels").EnumerateArray().Take(length).Select(v => v.GetInt32())],
            RecordIndexes = [index],
        };
    })];

    /// <summary>Trains through a plan and returns each step's outcome with the rate it used.</summary>
    public List<(StepOutcome Outcome, double LearningRate)> Train(
        IReadOnlyList<TrainingSample> samples, StepPlan plan, LearningRateSchedule? schedule = null, RowOrder? order = null, double learningRate = 1e-3)
    {
        schedule ??= new LearningRateSchedule(new ScheduleOptions { Type = LrSchedulerType.Constant, LearningRate = learningRate, WarmupSteps = 0, TotalSteps = plan.MaxSteps });
        order ??= new RowOrder(samples.Count, shuffle: false, seed: 0);
        using var source = new BatchSource(samples, plan, order, new SampleCollator(0));
        return [.. source.Steps().Select(window =>
        {
            var rate = schedule.At(window.Step);
            return (Step.Run(window, rate), rate);
        })];
    }

    public void Dispose()
    {
        optimizer.Dispose();
        Model.Dispose();
    }
}
