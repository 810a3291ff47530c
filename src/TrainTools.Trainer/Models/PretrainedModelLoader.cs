using TrainTools.Core.Configuration;
using TrainTools.Core.Errors;
using TrainTools.Core.Models;
using TrainTools.Trainer.Models.Families;
using TrainTools.Trainer.Models.Loading;

namespace TrainTools.Trainer.Models;

/// <summary>Loads Hugging Face model folders.</summary>
public static class PretrainedModelLoader
{
    /// <summary>Supported values of config.json's model_type.</summary>
    public static IReadOnlyList<string> SupportedModelTypes => ModelSupport.ModelTypes;

    /// <summary>
    /// Loads a model. Errors: ModelFolderNotFound, ModelConfigMissing, ModelConfigInvalid, ModelTypeMissing,
    /// ModelTypeUnsupported, ModelSettingUnsupported, ModelTaskUnsupported, ModelWeightsMissing, ModelWeightsPickled,
    /// ModelIndexInvalid, ModelShardMissing, SafetensorsInvalid, SafetensorsTruncated, TensorMissing, TensorUnexpected,
    /// TensorShapeMismatch, TensorDtypeUnsupported.
    /// </summary>
    public static PretrainedModel Load(string folder, PretrainedModelOptions? options = null)
    {
        options ??= new PretrainedModelOptions();
        var config = ModelConfigFile.Read(folder);
        var family = FamilyRegistry.Find(config);
        var task = TaskOf(folder, config, family, options);
        using var checkpoint = Checkpoint.Open(folder);
        var tied = TiedWeights.Read(checkpoint, family, family.IsTied(config, task));
        var laidOut = family.LayOut(config, task, tied.Tied, options);
        return Finish(folder, config, family, task, laidOut, options, () =>
            WeightLoader.Fill(laidOut.Layout, family.Names, checkpoint, tied.Aliases, laidOut.Renewable, options, config.Number("initializer_range", 0.02)));
    }

    /// <summary>Makes a model of a folder's config.json with fresh weights, whatever weights lie there. Errors: as <see cref="Load"/>, those of weights aside.</summary>
    public static PretrainedModel Initialize(string folder, PretrainedModelOptions? options = null)
    {
        options ??= new PretrainedModelOptions();
        var config = ModelConfigFile.Read(folder);
        var family = FamilyRegistry.Find(config);
        var task = TaskOf(folder, config, family, options);
        var laidOut = family.LayOut(config, task, family.IsTied(config, task), options);
        return Finish(folder, config, family, task, laidOut, options, () => WeightLoader.Initialize(laidOut.Layout, options, config.Number("initializer_range", 0.02)));
    }

    private static TaskType TaskOf(string folder, ModelConfigFile config, ModelFamily family, PretrainedModelOptions options)
    {
        var task = options.Task ?? family.TaskOf(config) ?? family.DefaultTask;
        if (!family.Tasks.Contains(task))
        {
            throw new TrainToolsException(ErrorIds.ModelTaskUnsupported, ErrorKind.NotSupported, $"The family '{family.ModelType}' of '{folder}' has no head for the task {TaskName(task)}.", $"Tasks of this family: {string.Join(", ", family.Tasks.Select(TaskName))}.", folder);
        }

        return task;
    }

    private static PretrainedModel Finish(
        string folder, ModelConfigFile config, ModelFamily family, TaskType task, LaidOutModel laidOut, PretrainedModelOptions options, Func<LoadReport> fill)
    {
        var model = laidOut.Model;
        try
        {
            model.LoadReport = fill();
            model.ComputeType = options.ComputeType;
            model.Device = options.Device ?? TorchSharp.torch.CPU;
            model.Folder = folder;
            family.SetArchitecture(config, task);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Loads a decoder with its next-token head. Errors: as <see cref="Load"/>.</summary>
    public static CausalLanguageModel LoadCausal(string folder, PretrainedModelOptions? options = null) =>
        (CausalLanguageModel)Load(folder, (options ?? new PretrainedModelOptions()) with { Task = TaskType.CausalLm });

    private static string TaskName(TaskType task) => task switch
    {
        TaskType.SequenceClassification => "sequence-classification",
        TaskType.TokenClassification => "token-classification",
        TaskType.MaskedLm => "masked-lm",
        _ => "causal-lm",
    };
}
